import type { Texts } from './texts.ts'

const failures: Readonly<Record<string, (called: string, caller: string) => string>> = {
  'called-no-answer': (called) => `${called} hat nicht abgenommen.`,
  'called-busy': (called) => `Bei ${called} ist besetzt.`,
  'called-declined': (called) => `${called} hat den Anruf abgelehnt.`,
  'called-no-key': (called) =>
    `Bei ${called} wurde abgenommen, aber niemand hat die 1 gedrückt (vielleicht eine Mailbox).`,
  'called-unreachable': (called) => `${called} war nicht zu erreichen.`,
  'called-closed': (called) => `${called} hat gerade geschlossen.`,
  'called-hung-up': (called) => `${called} hat aufgelegt, bevor die andere Seite erreicht war.`,
  'caller-no-answer': (called, caller) => `${called} hat abgenommen, aber nicht abgenommen wurde bei: ${caller}.`,
  'caller-busy': (called, caller) => `${called} hat abgenommen, aber besetzt war bei: ${caller}.`,
  'caller-declined': (called, caller) => `${called} hat abgenommen, aber abgelehnt wurde der Anruf bei: ${caller}.`,
  'caller-no-key': (called, caller) => `${called} hat abgenommen, aber niemand hat die 1 gedrückt bei: ${caller}.`,
  'caller-unreachable': (called, caller) => `${called} hat abgenommen, aber nicht zu erreichen war: ${caller}.`,
  'caller-hung-up': (called, caller) => `${called} hat abgenommen, aber aufgelegt wurde bei: ${caller}.`,
  interrupted: () => 'Unsere Telefonanlage wurde während des Anrufs unterbrochen.',
  'not-allowed': () => 'Eine der beiden Nummern darf nicht angerufen werden.',
  'not-found': () => 'Eine der beiden Nummern gibt es nicht.',
}

const refusals: Readonly<Record<string, (what: string) => string>> = {
  'emergency-not-allowed': () =>
    'Notrufnummern rufe ich nie an. Bitte wählen Sie im Notfall selbst, an irgendeinem Telefon.',
  'premium-not-allowed': (what) =>
    `${what} darf ich nicht anrufen: Das ist eine Sonderrufnummer. Gewöhnliche Nummern sind erlaubt.`,
  'international-not-allowed': (what) =>
    `${what} darf ich nicht anrufen: Die Nummer liegt im Ausland. Nummern im Inland sind erlaubt.`,
  'not-found': (what) =>
    `${what} kann ich nicht anrufen. Bitte nennen Sie einen Namen, eine Durchwahl oder eine Telefonnummer.`,
  'outside-not-allowed': () =>
    'Ich kann für Sie nur Menschen und Abteilungen dieses Hauses anrufen. Bitte schreiben Sie, wer davon Sie anrufen soll.',
  'same-number': () =>
    'Beide Seiten wären dasselbe Telefon. Bitte schreiben Sie, wer angerufen werden soll und unter welcher Nummer ich Sie erreiche.',
  'too-many-from-you': () =>
    'Sie haben in kurzer Zeit um zu viele Anrufe gebeten. Bitte versuchen Sie es später noch einmal.',
  'too-many-to-number': (what) =>
    `Mit ${what} wurde in kurzer Zeit um zu viele Anrufe gebeten. Bitte versuchen Sie es später noch einmal.`,
  'too-many': () =>
    'Im Augenblick wird um zu viele Anrufe gebeten. Bitte versuchen Sie es in einer Stunde noch einmal.',
  'number-not-confirmed': (what) =>
    `${what} ist noch nicht bestätigt, darum rufe ich dort nur einmal am Tag an. Nehmen Sie ab, wenn es klingelt, und drücken Sie die 1: Dann ist sie bestätigt.`,
  'not-understood': () =>
    'Ich verstehe es leider immer noch nicht, darum wird niemand angerufen. Bitte schreiben Sie noch einmal, zum Beispiel: „Der Vertrieb soll mich morgen um 9:30 Uhr unter 030 123456 anrufen“.',
  'outsiders-not-allowed': () => 'Nur Menschen dieses Hauses können hier um Anrufe bitten.',
}

export const german: Texts = {
  now: 'jetzt',
  today: 'heute',
  tomorrow: 'morgen',
  date: "'am' cccc, d. LLLL yyyy",
  clock: 'H:mm',
  at: (day, clock) => `${day} um ${clock} Uhr`,
  you: (line) => (line === '' ? 'Sie' : `Sie unter ${line}`),
  subject: (called) => (called === '' ? 'Ihr Anruf' : `Ihr Anruf mit ${called}`),
  questionSubject: 'Eine Frage zu Ihrem Anruf',
  refusalSubject: 'Ihr Anruf ist nicht möglich',
  confirmation({ called, caller, when, link }, confirmNumber) {
    const press = confirmNumber
      ? '\nDie Nummer ist mir neu: Bitte drücken Sie beim Abnehmen die 1, damit ich weiß, dass es Ihre ist.'
      : ''
    return `Zuerst klingelt es bei: ${called}; dann rufe ich an: ${caller}. Wann: ${when}.${press}${this.cancelHint(link)}`
  },
  understood: ({ called, caller, when }) =>
    `Verstanden habe ich: Zuerst klingelt es bei: ${called}; dann rufe ich an: ${caller}. Wann: ${when}.\nStimmt das? Bitte antworten Sie mit „ja“, oder schreiben Sie, was anders sein soll. Vorher wird niemand angerufen.`,
  question({ about, why, said }) {
    if (about === 'when') {
      if (why === 'past') return `${said === '' ? 'Diese Zeit' : `„${said}“`} ist schon vorbei. Wann soll ich anrufen?`
      if (why === 'invitation') return 'Die Zeit Ihrer Einladung kann ich nicht lesen. Wann soll ich anrufen?'
      if (why === 'too-far') return `„${said}“ ist mehr als ein Jahr hin. Wann soll ich anrufen?`
      if (why === 'clock-goes-forward')
        return `„${said}“ gibt es nicht: Da werden die Uhren vorgestellt. Wann soll ich anrufen?`
      if (why === 'clock-goes-back')
        return `„${said}“ gibt es zweimal: Da werden die Uhren zurückgestellt. Welche Zeit meinen Sie?`
      if (why === 'hour-missing') return `Um wie viel Uhr soll ich anrufen („${said}“)?`
      if (why === 'two-times') return `Sie nennen mehr als eine Zeit („${said}“). Welche meinen Sie?`
      return 'Wann soll ich anrufen?'
    }
    if (why === 'missing')
      return 'Wer soll angerufen werden? Bitte antworten Sie mit einem Namen, einer Abteilung, einer Durchwahl oder einer Nummer.'
    if (why === 'ambiguous') return `„${said}“ gibt es mehrmals. Wen meinen Sie?`
    if (about === 'caller')
      return said === ''
        ? 'Unter welcher Nummer kann ich Sie anrufen?'
        : `Zu „${said}“ kenne ich keine Nummer. Unter welcher Nummer kann ich Sie anrufen?`
    return `„${said}“ kenne ich nicht. Wer soll angerufen werden?`
  },
  choose: (most) =>
    most === 1
      ? 'Antworten Sie mit „ja“ oder 1, wenn Sie das meinen, oder schreiben Sie es anders.'
      : `Antworten Sie mit einer Zahl von 1 bis ${most}, oder schreiben Sie es anders.`,
  anyAnswer: 'Antworten Sie einfach auf diese Nachricht.',
  notUnderstood: 'Ihre Antwort habe ich nicht verstanden.',
  confirmByLink: (link) =>
    `Jemand hat in Ihrem Namen um einen Anruf gebeten. Wenn Sie das waren, bestätigen Sie es bitte hier:\n${link}\nWenn nicht, brauchen Sie nichts zu tun: Es wird niemand angerufen.`,
  linkSent: 'Bitte öffnen Sie den Link, den Sie per E-Mail bekommen. Vorher wird niemand angerufen.',
  refusal: (code, what) => refusals[code]?.(what) ?? 'Dieser Anruf ist nicht möglich.',
  connected: ({ called, caller }) => `Verbunden wurden: ${called} und ${caller}.`,
  failure: (outcome, { called, caller }) => failures[outcome]?.(called, caller) ?? 'Der Anruf kam nicht zustande.',
  again: (when) => `Ich versuche es noch einmal: ${when}.`,
  noMore: 'Ich versuche es nicht noch einmal. Schreiben Sie mir, wenn Sie den Anruf noch brauchen.',
  missed: ({ called, when }) =>
    `Ihr Anruf mit ${called} (${when}) fand nicht statt: Unsere Telefonanlage war zu dieser Zeit gestört. Bitte bitten Sie noch einmal darum.`,
  cancelled: ({ called }) => (called === '' ? 'Ihr Anruf ist abgesagt.' : `Ihr Anruf mit ${called} ist abgesagt.`),
  nothingToCancel: 'Es gibt keinen Anruf, der abzusagen wäre.',
  movedToPast: ({ called, when }) =>
    `Die neue Zeit ist schon vorbei, darum bleibt Ihr Anruf mit ${called}, wie er ist: ${when}. Bitte schicken Sie eine andere Zeit.`,
  centreWait({ place, expectedWaitSeconds, open }) {
    if (!open) return 'Dort ist jetzt geschlossen.'
    const seconds = expectedWaitSeconds ?? 0
    const wait = seconds > 60 ? `, und die Wartezeit ist etwa ${Math.ceil(seconds / 60)} Minuten` : ''
    return `Sie hätten dort Platz ${place}${wait}.`
  },
  heard: ({ called, caller }, link, until, waits) =>
    `${called} hat mit einer Ansage geantwortet. Sie können sie hier anhören, spätestens ${until}:\n${link}${waits ? `\nIch warte dort für Sie und rufe ${caller} an, sobald sich ein Mensch meldet.` : ''}`,
  inLine({ place, expectedWaitSeconds }) {
    const minutes = Math.ceil((expectedWaitSeconds ?? 0) / 60)
    if (place === 1 && expectedWaitSeconds !== null && minutes <= 1) return 'Sie sind als Nächstes an der Reihe.'
    const wait = expectedWaitSeconds === null || minutes <= 1 ? '' : `, die Wartezeit ist etwa ${minutes} Minuten`
    return `Sie haben Platz ${place} in der Schlange${wait}. Sie brauchen nicht am Telefon zu warten.`
  },
  closedUntilThen: (called) => `${called} hat bis dahin geschlossen.`,
  saidLast({ place, expectedWaitSeconds }) {
    const minutes = Math.ceil((expectedWaitSeconds ?? 0) / 60)
    return `Zuletzt hieß es dort: Platz ${place}${minutes > 1 ? `, etwa ${minutes} Minuten` : ''}.`
  },
  cancelHint: (link) =>
    link === ''
      ? '\nZum Absagen antworten Sie „absagen“.'
      : `\nZum Absagen antworten Sie „absagen“ oder öffnen Sie: ${link}`,
}
