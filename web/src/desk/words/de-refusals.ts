/** What the API refuses, in German, by its code. A word that ends with a colon is followed by the server's own sentence. */
export const deRefusals: Readonly<Record<string, string>> = {
  'not-found': 'Das gibt es nicht mehr.',
  'not-allowed': 'Das dürfen Sie nicht.',
  'not-logged-in': 'Sie sind nicht mehr angemeldet. Melden Sie sich neu an.',
  'wrong-login': 'Der Anmeldename oder das Passwort stimmt nicht.',
  'wrong-password': 'Das ist nicht Ihr jetziges Passwort.',
  'too-many-attempts': 'Zu viele falsche Passwörter. Warten Sie etwas und versuchen Sie es dann noch einmal.',
  'last-administrator': 'Das ist der letzte Verwalter. Machen Sie zuerst jemand anderen dazu.',
  'too-large': 'Das ist zu groß:',
  invalid: 'Diese Angabe geht nicht:',
  'bad-query': 'Diese Suche geht nicht:',
  'database-away': 'Die Datenbank antwortet nicht. Versuchen Sie es gleich noch einmal.',

  'international-not-allowed': 'Auslandsgespräche sind für Sie nicht freigegeben.',
  'premium-not-allowed': 'Sondernummern sind für Sie nicht freigegeben.',
  'emergency-not-allowed': 'Notrufnummern sind hier kein Ziel.',
  'outside-limit': 'Es laufen schon so viele Gespräche nach draußen, wie erlaubt sind.',
  'no-trunk': 'Keine Leitung kann den Anruf nehmen.',
  'no-media': 'Für ein weiteres Gespräch ist kein Port frei. Versuchen Sie es gleich noch einmal.',
  loop: 'Der Anruf würde im Kreis laufen.',
  'too-many-hops': 'Der Anruf wurde zu oft weitergeleitet.',
  busy: 'Dort ist besetzt, oder der Server hat gerade zu viel zu tun.',
  'do-not-disturb': 'Dort ist „Nicht stören“ eingestellt.',
  unreachable: 'Dort ist niemand erreichbar: kein Telefon, kein offener Platz.',
  'no-answer': 'Dort nahm niemand ab.',
  declined: 'Der Anruf wurde abgelehnt.',
  cancelled: 'Der Anruf wurde abgebrochen.',
  'nothing-rings': 'Dort klingelt nichts mehr.',
  'caller-gone': 'Der Anrufer hat aufgelegt.',
  'queue-not-here': 'Dieses Gespräch kann nicht an eine Warteschlange übergeben werden.',
  'not-acceptable': 'Die beiden Seiten haben keinen gemeinsamen Codec.',
  overload: 'Der Server ist überlastet. Versuchen Sie es gleich noch einmal.',
  draining: 'Der Server wird gerade angehalten. Versuchen Sie es gleich noch einmal.',
}

/** The German sentence for a refusal; the server's own one for codes without one. @param field the field it is about */
export function deRefusalText(code: string, message: string, field?: string): string {
  // A call is taken by somebody, a name or an extension is in use: the sentence says by whom.
  if (code === 'taken') return field ? `Schon vergeben: ${message}` : 'Jemand anderes war schneller.'
  const words = Object.hasOwn(deRefusals, code) ? deRefusals[code] : undefined
  if (words === undefined) return message
  return words.endsWith(':') ? `${words} ${message}` : words
}
