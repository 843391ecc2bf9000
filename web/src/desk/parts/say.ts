import { notifications } from '@mantine/notifications'
import { de } from '../words/de.ts'
import { en } from '../words/en.ts'

/** Notices are drawn outside of the page's own language. */
const closeButton = () => ({
  closeButtonProps: { 'aria-label': (document.documentElement.lang === 'de' ? de : en).form.close },
})

/** A short notice that goes away by itself; screen readers hear it. Returns what takes it away before. */
export function say(message: string): () => void {
  const id = notifications.show({ message, autoClose: 4000, withBorder: true, ...closeButton() })
  return () => {
    notifications.hide(id)
  }
}

/** Something did not work: stays until it was read. */
export function sayTrouble(message: string): void {
  notifications.show({
    message,
    autoClose: 10_000,
    withBorder: true,
    ...closeButton(),
    color: 'red',
    attributes: { root: { 'data-kind': 'bad' } },
  })
}
