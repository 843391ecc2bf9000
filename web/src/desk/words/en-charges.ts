/** The words of what people took over from colleagues. */
export const enCharges = {
  charges: {
    title: 'Charges',
    intro: 'Calls that were picked up for a colleague, each on the account of who took it.',
    from: 'From',
    to: 'To',
    export: 'Save as CSV',
    when: 'When',
    call: 'Call',
    account: 'Account',
    rang: 'Rang for',
    talked: 'Talked',
    outcome: 'Outcome',
    open: 'Goes on',
    closed: (station: string) => `Taken at ${station}`,
    void: 'Not taken',
    empty: 'No charge yet. When somebody takes a colleague’s call, it is noted here.',
    emptyFound: 'No charge in this time.',
  },
}
