/** What a sender is told whose message is not taken. */
export const refusalTexts = {
  en: {
    encrypted: 'This address cannot read encrypted messages. Please switch encryption (OMEMO) off for this chat.',
    'too-long': 'The message is too long: 8 KB at most.',
    control: 'The message holds control characters; plain text is allowed.',
    subject: 'The subject or the thread is too long or holds control characters.',
    busy: 'The message could not be taken. Please send it again in a moment.',
  },
  de: {
    encrypted:
      'Diese Adresse kann keine verschlüsselten Nachrichten lesen. Bitte Verschlüsselung (OMEMO) in diesem Chat ausschalten.',
    'too-long': 'Die Nachricht ist zu lang: höchstens 8 KB.',
    control: 'Die Nachricht enthält Steuerzeichen; erlaubt ist reiner Text.',
    subject: 'Betreff oder Gesprächskennung ist zu lang oder enthält Steuerzeichen.',
    busy: 'Die Nachricht konnte nicht angenommen werden. Bitte gleich noch einmal senden.',
  },
} as const

export type RefusalText = keyof (typeof refusalTexts)['en']
