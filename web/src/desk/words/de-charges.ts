import type { enCharges } from './en-charges.ts'

export const deCharges: typeof enCharges = {
  charges: {
    title: 'Gebühren',
    intro: 'Anrufe, die für jemand anderen angenommen wurden, jeder auf dem Konto dessen, der ihn nahm.',
    from: 'Von',
    to: 'Bis',
    export: 'Als CSV sichern',
    when: 'Wann',
    call: 'Anruf',
    account: 'Konto',
    rang: 'Klingelte',
    talked: 'Gesprochen',
    outcome: 'Ergebnis',
    open: 'Läuft noch',
    closed: (station) => `Angenommen an ${station}`,
    void: 'Nicht angenommen',
    empty: 'Noch keine Gebühr. Wenn jemand den Anruf eines Kollegen annimmt, steht es hier.',
    emptyFound: 'Keine Gebühr in dieser Zeit.',
  },
}
