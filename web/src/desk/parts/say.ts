import { notifications } from '@mantine/notifications'

/** A short notice that goes away by itself; screen readers hear it. */
export function say(message: string): void {
  notifications.show({ message, autoClose: 4000, withBorder: true })
}

/** Something did not work: stays until it was read. */
export function sayTrouble(message: string): void {
  notifications.show({
    message,
    autoClose: 10_000,
    withBorder: true,
    color: 'red',
    attributes: { root: { 'data-kind': 'bad' } },
  })
}
