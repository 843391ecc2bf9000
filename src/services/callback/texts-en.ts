import type { Texts } from './texts.ts'

const failures: Readonly<Record<string, (called: string, caller: string) => string>> = {
  'called-no-answer': (called) => `${called} did not answer.`,
  'called-busy': (called) => `${called} is busy.`,
  'called-declined': (called) => `${called} declined the call.`,
  'called-no-key': (called) => `At ${called} somebody or a mailbox answered, but nobody pressed 1.`,
  'called-unreachable': (called) => `${called} could not be reached.`,
  'called-closed': (called) => `${called} is closed now.`,
  'called-hung-up': (called) => `${called} hung up before you were reached.`,
  'caller-no-answer': (called, caller) => `${called} answered, but ${caller} did not answer.`,
  'caller-busy': (called, caller) => `${called} answered, but the line of ${caller} was busy.`,
  'caller-declined': (called, caller) => `${called} answered, but the call to ${caller} was declined.`,
  'caller-no-key': (called, caller) => `${called} answered, but nobody pressed 1 at the telephone of ${caller}.`,
  'caller-unreachable': (called, caller) => `${called} answered, but ${caller} could not be reached.`,
  'caller-hung-up': (called, caller) => `${called} answered, but ${caller} hung up first.`,
  interrupted: () => 'Our telephone system was interrupted during the call.',
  'not-allowed': () => 'One of the two numbers may not be dialled.',
  'not-found': () => 'One of the two numbers does not exist.',
}

const refusals: Readonly<Record<string, (what: string) => string>> = {
  'emergency-not-allowed': () =>
    'I never call emergency numbers. In an emergency please dial the number yourself, on any telephone.',
  'premium-not-allowed': (what) => `I may not call ${what}: it is a premium number. Ordinary numbers are allowed.`,
  'international-not-allowed': (what) =>
    `I may not call ${what}: it is in another country. Numbers in this country are allowed.`,
  'not-found': (what) => `I cannot call ${what}. Please give a name, an extension or a telephone number.`,
  'outside-not-allowed': () =>
    'I can only call people and departments of this organisation for you. Please say which of them should call you.',
  'same-number': () =>
    'Both sides would be the same telephone. Please say who should be called, and on which number I reach you.',
  'too-many-from-you': () => 'You have asked for too many calls in a short time. Please try again later.',
  'too-many-to-number': (what) => `Too many calls were asked for with ${what} in a short time. Please try again later.`,
  'too-many': () => 'Too many calls are asked for at the moment. Please try again in an hour.',
  'number-not-confirmed': (what) =>
    `${what} is not confirmed yet, so I call it only once a day. Pick up and press 1 when it rings, and it is confirmed.`,
  'not-understood': () =>
    'I still do not understand, so nothing is called. Please write again, for example: "Sales should call me on +1 202 555 0110 tomorrow at 9:30".',
  'outsiders-not-allowed': () => 'Only people of this organisation can ask for calls here.',
}

export const english: Texts = {
  now: 'now',
  today: 'today',
  tomorrow: 'tomorrow',
  date: "'on' cccc, d LLLL yyyy",
  clock: 'H:mm',
  at: (day, clock) => `${day} at ${clock}`,
  you: (line) => (line === '' ? 'you' : `you on ${line}`),
  subject: (called) => (called === '' ? 'Your call' : `Your call with ${called}`),
  questionSubject: 'A question about your call',
  refusalSubject: 'Your call cannot be made',
  confirmation({ called, caller, when, link }, confirmNumber) {
    const press = confirmNumber
      ? '\nThe number is new to me: please press 1 when you pick up, so that I know that it is yours.'
      : ''
    return `${called} will ring first, then ${caller}: ${when}.${press}${this.cancelHint(link)}`
  },
  understood: ({ called, caller, when }) =>
    `I understood: ${called} will ring first, then ${caller}: ${when}.\nIs that right? Please answer "yes", or write what should be different. Nothing is called before.`,
  question({ about, why, said }) {
    if (about === 'when') {
      if (why === 'past') return `${said === '' ? 'That time' : `"${said}"`} is in the past. When should I call?`
      if (why === 'invitation') return 'I cannot read the time of your invitation. When should I call?'
      if (why === 'too-far') return `"${said}" is more than a year ahead. When should I call?`
      if (why === 'clock-goes-forward')
        return `"${said}" does not exist: the clocks are put forward then. When should I call?`
      if (why === 'clock-goes-back')
        return `"${said}" comes twice: the clocks are put back then. Which one do you mean?`
      if (why === 'hour-missing') return `At what time should I call ("${said}")?`
      if (why === 'two-times') return `You name more than one time ("${said}"). Which one do you mean?`
      return 'When should I call?'
    }
    if (why === 'missing')
      return 'Who should be called? Please answer with a name, a department, an extension or a number.'
    if (why === 'ambiguous') return `There is more than one "${said}". Who do you mean?`
    if (about === 'caller')
      return said === ''
        ? 'On which number can I call you?'
        : `I do not know a number for "${said}". On which number can I call you?`
    return `I do not know "${said}". Who should be called?`
  },
  choose: (most) =>
    most === 1
      ? 'Answer "yes" or 1 if you mean this one, or write it another way.'
      : `Answer with a number from 1 to ${most}, or write it another way.`,
  anyAnswer: 'Just answer this message.',
  notUnderstood: 'I did not understand your answer.',
  confirmByLink: (link) =>
    `Somebody asked for a call in your name. If it was you, please confirm it here:\n${link}\nIf it was not you, there is nothing to do: nobody is called.`,
  linkSent: 'Please open the link that was sent to you by e-mail. Nobody is called before.',
  refusal: (code, what) => refusals[code]?.(what) ?? 'This call cannot be made.',
  connected: ({ called, caller }) => `${called} and ${caller} were connected.`,
  failure: (outcome, { called, caller }) => failures[outcome]?.(called, caller) ?? 'The call did not come about.',
  again: (when) => `I try again ${when}.`,
  noMore: 'I do not try again. Write to me if you still need the call.',
  missed: ({ called, when }) =>
    `Your call with ${called} (${when}) was not made: our telephone system was out of order at that time. Please ask again.`,
  cancelled: ({ called }) => (called === '' ? 'Your call is called off.' : `Your call with ${called} is called off.`),
  nothingToCancel: 'There is no call to call off.',
  movedToPast: ({ called, when }) =>
    `The new time is in the past, so your call with ${called} stays as it is: ${when}. Please send another time.`,
  centreWait({ place, expectedWaitSeconds, open }) {
    if (!open) return 'It says that it is closed now.'
    const seconds = expectedWaitSeconds ?? 0
    const wait = seconds > 60 ? `, and the wait is about ${Math.ceil(seconds / 60)} minutes` : ''
    return `You would have place ${place} there${wait}.`
  },
  heard: ({ called, caller }, link, until, waits) =>
    `${called} has answered with an announcement. Listen to it here, ${until} at the latest:\n${link}${waits ? `\nI wait there in your place and call ${caller} as soon as a person answers.` : ''}`,
  inLine({ place, expectedWaitSeconds }) {
    const minutes = Math.ceil((expectedWaitSeconds ?? 0) / 60)
    if (place === 1 && expectedWaitSeconds !== null && minutes <= 1) return 'You are the next.'
    const wait = expectedWaitSeconds === null || minutes <= 1 ? '' : `, and the wait is about ${minutes} minutes`
    return `You have place ${place} in the line${wait}. You need not hold the line.`
  },
  closedUntilThen: (called) => `${called} is closed until then.`,
  saidLast({ place, expectedWaitSeconds }) {
    const minutes = Math.ceil((expectedWaitSeconds ?? 0) / 60)
    return `Last it said: place ${place}${minutes > 1 ? `, about ${minutes} minutes` : ''}.`
  },
  cancelHint: (link) =>
    link === '' ? '\nTo call it off, answer "cancel".' : `\nTo call it off, answer "cancel" or open: ${link}`,
}
