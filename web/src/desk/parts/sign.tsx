const paths = {
  phone: 'M6 4h3l1.5 4.5L8.5 10a12 12 0 0 0 5.5 5.5l1.5-2L20 15v3a2 2 0 0 1-2 2A14 14 0 0 1 4 6a2 2 0 0 1 2-2Z',
  hangup: 'M3 15c5-5 13-5 18 0l-2 2-4-1.5v-2.3a11 11 0 0 0-6 0v2.3L5 17Z',
  history: 'M4 12a8 8 0 1 0 2.6-5.9M4 4v4h4m4-1v5l3.5 2',
  charges: 'M6 3.500h12v17l-2.400-1.800-2.400 1.800-2.400-1.800-2.400 1.800L6 20.500ZM9 8h6m-6 4h6',
  contacts:
    'M5 4h12a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H5zM3 8h4m-4 4h4m-4 4h4m5-5.2a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm-3.2 5.6a3.4 3.4 0 0 1 6.4 0',
  people:
    'M9 11a3.2 3.2 0 1 0 0-6.4A3.2 3.2 0 0 0 9 11Zm-5.5 8.5c.4-3.2 2.7-5 5.5-5s5.100 1.800 5.500 5M15.500 5.200a3 3 0 0 1 0 5.400m1.700 4.200c1.900.7 3.100 2.300 3.300 4.700',
  devices: 'M4 5h11v9H4zM2 18h9m6-9h3.500a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H17a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1Z',
  groups:
    'M12 9a2.600 2.600 0 1 0 0-5.200A2.600 2.600 0 0 0 12 9Zm-4 10.500c0-3.500 1.600-5.500 4-5.500s4 2 4 5.500M5.500 11.500a2 2 0 1 0 0-4 2 2 0 0 0 0 4Zm13 0a2 2 0 1 0 0-4 2 2 0 0 0 0 4ZM2.500 17c.2-2 1.300-3.200 3-3.200M21.500 17c-.2-2-1.300-3.200-3-3.200',
  numbers: 'M9.500 4 7.500 20M16.500 4l-2 16M4.500 9h16M3.500 15h16',
  trunks:
    'M12 12a2 2 0 1 0 0-.01M7.800 7.800a6 6 0 0 0 0 8.400m8.400-8.400a6 6 0 0 1 0 8.400M5 5a10 10 0 0 0 0 14M19 5a10 10 0 0 1 0 14',
  settings:
    'M4 7h9m4 0h3M4 17h3m4 0h9M15 9.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Zm-6 10a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5Z',
  mute: 'M9 9V6a3 3 0 0 1 6 0v5m-.6 2.600A3 3 0 0 1 9 12v-.5M5.500 11.500a6.500 6.500 0 0 0 10.700 5M18.500 11.500c0 .9-.2 1.700-.5 2.500M12 18v3M4 4l16 16',
  microphone: 'M12 3a3 3 0 0 1 3 3v6a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3Zm-6.500 8.500a6.500 6.500 0 0 0 13 0M12 18v3',
  hold: 'M9 6v12M15 6v12',
  resume: 'M8 5.500v13l10-6.500Z',
  keypad:
    'M6 5.500h.01M12 5.500h.01M18 5.500h.01M6 12h.01M12 12h.01M18 12h.01M6 18.500h.01M12 18.500h.01M18 18.500h.01',
  transfer: 'M4 8h13m-4-4 4 4-4 4M20 16H7m4 4-4-4 4-4',
  speaker: 'M4 10v4h4l5 4V6L8 10Zm12-1a4 4 0 0 1 0 6m2-9a8 8 0 0 1 0 12',
  weak: 'M4 10v4h4l5 4V6L8 10Zm13 0 4 4m0-4-4 4',
  bell: 'M12 4a5 5 0 0 0-5 5v4l-2 3h14l-2-3V9a5 5 0 0 0-5-5Zm-2 15a2 2 0 0 0 4 0',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4.500 4.500',
  plus: 'M12 5v14M5 12h14',
  edit: 'm4 20 1-4L16 5l3 3L8 19Zm10-13 3 3',
  bin: 'M5 7h14M9 7V4.500h6V7m-8 0 1 12.500h8L17 7',
  close: 'm6 6 12 12M18 6 6 18',
  more: 'M6 12h.01M12 12h.01M18 12h.01',
  up: 'm6 14 6-6 6 6',
  down: 'm6 10 6 6 6-6',
  key: 'M14.500 13.500a4 4 0 1 0-3.300-1.700L4 19v1.500h3V18h2.500v-2.500Z',
  check: 'm5 13 5 5L20 6',
  away: 'M20 14.500A8 8 0 0 1 9.500 4a8 8 0 1 0 10.500 10.500Z',
  dnd: 'M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm-4-8h8',
  download: 'M12 4v11m-4.500-4.500L12 15l4.500-4.500M5 20h14',
  upload: 'M12 15V4M7.500 8.500 12 4l4.500 4.500M5 20h14',
} as const

export type SignName = keyof typeof paths

/** A picture beside words, or on a button that has a name. */
export function Sign({ name, size }: { readonly name: SignName; readonly size?: number }) {
  return (
    <svg
      className="icon"
      viewBox="0 0 24 24"
      width={size ?? '1em'}
      height={size ?? '1em'}
      aria-hidden="true"
      focusable="false"
      data-symbol={name}
    >
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth={name === 'keypad' || name === 'more' ? 3 : 1.8}
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  )
}
