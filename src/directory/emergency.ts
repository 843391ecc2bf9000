/**
 * Emergency numbers by country. `numbers` go out as dialled; `also` are understood too (visitors dial what they
 * know from home, and mobile networks route them) and go out as the first of `numbers`. None of them can be an extension.
 */
interface EmergencyNumbers {
  readonly numbers: readonly string[]
  readonly also?: readonly string[]
}

const nanp: EmergencyNumbers = { numbers: ['911'], also: ['112'] }
const europe: EmergencyNumbers = { numbers: ['112'] }

function europeAnd(...numbers: string[]): EmergencyNumbers {
  return { numbers: ['112', ...numbers] }
}

const table: Readonly<Record<string, EmergencyNumbers>> = {
  AR: { numbers: ['911', '100', '101', '107'], also: ['112'] },
  AT: europeAnd('122', '133', '144', '140'),
  AU: { numbers: ['000', '106'], also: ['112'] },
  BE: europeAnd('100', '101'),
  BG: europe,
  BR: { numbers: ['190', '192', '193'], also: ['112', '911'] },
  CA: nanp,
  CH: europeAnd('117', '118', '144', '1414'),
  CL: { numbers: ['133', '131', '132'], also: ['112', '911'] },
  CN: { numbers: ['110', '119', '120', '122'], also: ['112'] },
  CO: { numbers: ['123'], also: ['112', '911'] },
  CY: europeAnd('199'),
  CZ: europeAnd('150', '155', '158'),
  DE: europeAnd('110'),
  DK: europe,
  EE: europe,
  ES: europeAnd('061', '062', '080', '085', '091', '092'),
  FI: europe,
  FR: europeAnd('15', '17', '18', '114', '191', '196'),
  GB: { numbers: ['999', '112'], also: ['911'] },
  GR: europeAnd('100', '108', '166', '199'),
  HK: { numbers: ['999', '992'], also: ['112'] },
  HR: europeAnd('192', '193', '194'),
  HU: europeAnd('104', '105', '107'),
  IE: europeAnd('999'),
  IL: { numbers: ['100', '101', '102'], also: ['112', '911'] },
  IN: { numbers: ['112', '100', '101', '102', '108'] },
  IS: europe,
  IT: europeAnd('113', '115', '118', '1530'),
  JP: { numbers: ['110', '119', '118'] },
  KR: { numbers: ['112', '119'] },
  LI: europeAnd('117', '118', '144'),
  LT: europe,
  LU: europeAnd('113'),
  LV: europeAnd('110', '113'),
  MT: europe,
  MX: { numbers: ['911'], also: ['112', '060', '066'] },
  NL: europe,
  NO: { numbers: ['112', '110', '113'] },
  NZ: { numbers: ['111'], also: ['112', '911'] },
  PL: europeAnd('997', '998', '999'),
  PT: europe,
  RO: europe,
  SE: europe,
  SG: { numbers: ['999', '995'], also: ['112', '911'] },
  SI: europeAnd('113'),
  SK: europeAnd('150', '155', '158'),
  TR: { numbers: ['112'] },
  UA: europeAnd('101', '102', '103'),
  US: nanp,
  ZA: { numbers: ['112', '10111', '10177'] },
}

/** Territories that answer the numbers of the country they belong to. */
const like: Readonly<Record<string, string>> = {
  AS: 'US',
  GG: 'GB',
  GU: 'US',
  IM: 'GB',
  JE: 'GB',
  MP: 'US',
  PR: 'US',
  VI: 'US',
}

/** Where the table has no row: the two that every mobile network knows (3GPP TS 22.101 §10). */
const elsewhere: EmergencyNumbers = { numbers: ['112', '911'] }

/** What a country's people may dial in need: dialled → what goes out. @param country ISO 3166, two capital letters */
export function emergencyNumbers(country: string): ReadonlyMap<string, string> {
  const row = table[country] ?? table[like[country] ?? ''] ?? elsewhere
  const first = row.numbers[0] as string
  const map = new Map(row.numbers.map((number) => [number, number]))
  for (const number of row.also ?? []) map.set(number, first)
  return map
}
