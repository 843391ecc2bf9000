const paths = {
  ringing:
    'M12 4a5 5 0 0 0-5 5v4l-2 3h14l-2-3V9a5 5 0 0 0-5-5Zm-2 15a2 2 0 0 0 4 0M3.5 8.5A8 8 0 0 1 6 4m14.5 4.5A8 8 0 0 0 18 4',
  answered: 'M6 4h3l1.5 4.5L8.5 10a12 12 0 0 0 5.5 5.5l1.5-2L20 15v3a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2Z',
  held: 'M9 6v12M15 6v12',
  ended: 'M3 15c5-5 13-5 18 0l-2 2-4-1.5v-2.3a11 11 0 0 0-6 0v2.3L5 17Z',
  calling: 'M5 12h13m-5-5 5 5-5 5',
  missed: 'm5 6 6 6 8-8M5 6v5m0-5h5M3 18c5-3.5 13-3.5 18 0',
  copy: 'M9 9h10v11H9zM15 9V5H5v11h4',
  done: 'm5 13 5 5L20 6',
  back: 'M19 12H6m5-5-5 5 5 5',
  arrow: 'M4 12h15m-5-5 5 5-5 5',
  again: 'M4 12a8 8 0 0 1 14-5l2 2m0-5v5h-5M20 12a8 8 0 0 1-14 5l-2-2m0 5v-5h5',
  sound: 'M4 10v4h4l5 4V6L8 10Zm12-1a4 4 0 0 1 0 6m2-9a8 8 0 0 1 0 12',
  weak: 'M4 10v4h4l5 4V6L8 10Zm13 0 4 4m0-4-4 4',
} as const

export type IconName = keyof typeof paths

/** A picture beside words; it never stands alone. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="1em" height="1em" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
