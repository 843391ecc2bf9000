import type { Binding, CallerRule, ForwardTarget, Person, QuietHours } from './types.ts'

/** Who calls, as far as rules look at it. */
export interface RingingCaller {
  /** E.164 with plus, or the extension of one of our people; '' or `anonymous` when it is hidden. */
  readonly number: string
  /** One of our own people. */
  readonly internal: boolean
}

/** Which devices are told about a call, or what happens instead. */
export type RingDecision =
  /** `bindings` may be empty: nobody is there who should be told. */
  | {
      readonly kind: 'ring'
      readonly bindings: readonly Binding[]
      readonly because: 'rule' | 'preferred' | 'away' | 'all'
    }
  /** Nothing rings; forwards on busy apply. */
  | { readonly kind: 'quiet'; readonly because: 'do-not-disturb' | 'quiet-hours' }
  | { readonly kind: 'divert'; readonly to: ForwardTarget }
  | { readonly kind: 'decline' }

/**
 * Decides which of a person's devices a call rings, in this order: the first caller rule that fits, do not disturb, quiet hours, away (the
 * desk in the browser stays silent), the preferred device while it is registered, else all. A rule that rings does so at any hour.
 * @param now ms since 1970
 * @param bindings the person's live bindings; their order is kept
 */
export function devicesToRing(
  person: Pick<Person, 'settings'>,
  caller: RingingCaller,
  now: number,
  bindings: readonly Binding[],
): RingDecision {
  const { callerRules, doNotDisturb, quietHours, timeZone, away, preferredDevice } = person.settings
  for (const rule of callerRules) {
    if (!rule.callers.some((pattern) => fits(pattern, caller))) continue
    return byRule(rule, bindings)
  }
  if (doNotDisturb) return { kind: 'quiet', because: 'do-not-disturb' }
  if (quietHours.length > 0 && isQuiet(quietHours, timeZone, now)) return { kind: 'quiet', because: 'quiet-hours' }
  const told = away ? bindings.filter((binding) => binding.device.settings.kind !== 'desk') : bindings
  if (preferredDevice !== '') {
    const preferred = told.filter((binding) => binding.device.id === preferredDevice)
    if (preferred.length > 0) return { kind: 'ring', bindings: preferred, because: 'preferred' }
  }
  return { kind: 'ring', bindings: told, because: away ? 'away' : 'all' }
}

function byRule(rule: CallerRule, bindings: readonly Binding[]): RingDecision {
  if (rule.action === 'decline') return { kind: 'decline' }
  if (rule.action === 'divert') return { kind: 'divert', to: rule.to as string }
  const named =
    rule.devices.length === 0 ? bindings : bindings.filter((binding) => rule.devices.includes(binding.device.id))
  return { kind: 'ring', bindings: named, because: 'rule' }
}

function fits(pattern: string, { number, internal }: RingingCaller): boolean {
  switch (pattern) {
    case '*':
      return true
    case 'internal':
      return internal
    case 'outside':
      return !internal
    case 'anonymous':
      return number === '' || number === 'anonymous'
    default:
      return pattern.endsWith('*') ? number.startsWith(pattern.slice(0, -1)) : number === pattern
  }
}

/** Whether a time lies in quiet hours. */
export function isQuiet(hours: readonly QuietHours[], timeZone: string, now: number): boolean {
  const { day, time } = localTime(timeZone, now)
  const yesterday = day === 1 ? 7 : day - 1
  return hours.some(({ days, from, to }) => {
    if (from < to) return days.includes(day) && time >= from && time < to
    // Over midnight (or the whole day round): the first part today, or the rest of what began yesterday.
    return (days.includes(day) && time >= from) || (days.includes(yesterday) && time < to)
  })
}

const days: Readonly<Record<string, number>> = { Mon: 1, Tue: 2, Wed: 3, Thu: 4, Fri: 5, Sat: 6, Sun: 7 }
const formats = new Map<string, Intl.DateTimeFormat>()

/** The weekday and the time of day, `HH:MM`, somewhere. */
function localTime(timeZone: string, now: number): { day: number; time: string } {
  let format = formats.get(timeZone)
  if (!format) {
    // Making one is dear; there are some 600 zones at most.
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    formats.set(timeZone, format)
  }
  let day = 1
  let hour = '00'
  let minute = '00'
  for (const { type, value } of format.formatToParts(now)) {
    if (type === 'weekday') day = days[value] as number
    else if (type === 'hour') hour = value
    else if (type === 'minute') minute = value
  }
  return { day, time: `${hour}:${minute}` }
}
