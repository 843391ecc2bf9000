import type { ChangeEvent } from 'react'
import type { FaultOf } from './use-saving.ts'

type KeysOf<T, V> = { [K in keyof T]: T[K] extends V ? K : never }[keyof T] & string
/** Password inputs say by themselves neither that they are wrong nor why. */
const faultProps = (error: string | undefined) => ({ error, ...(error ? { 'aria-invalid': true as const } : {}) })

type Typed = ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>

/**
 * Ties inputs to the values of a form: `<TextInput label=… {...inputs.text('name')} />`.
 * `field` is what the server calls it, by default the same name.
 */
export function inputsOf<T extends object>(values: T, change: (part: Partial<T>) => void, faultOf: FaultOf) {
  const set = (key: string, value: unknown) => change({ [key]: value } as Partial<T>)
  return {
    text: (key: KeysOf<T, string>, field: string = key) => ({
      value: values[key] as string,
      ...faultProps(faultOf(field)),
      onChange: (event: Typed) => set(key, event.currentTarget.value),
    }),
    /** What is no number yet, such as nothing, stays text until the form is sent. */
    number: (key: KeysOf<T, number | string>, field: string = key) => ({
      value: values[key] as number | string,
      error: faultOf(field),
      hideControls: true,
      onChange: (value: number | string) => set(key, value),
    }),
    onOff: (key: KeysOf<T, boolean>) => ({
      checked: values[key] as boolean,
      onChange: (event: ChangeEvent<HTMLInputElement>) => set(key, event.currentTarget.checked),
    }),
  }
}
