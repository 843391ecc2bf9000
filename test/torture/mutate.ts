import { Buffer } from 'node:buffer'
import type { Random } from '#lib'

/** Numbers that break careless arithmetic. */
const extremes = [
  '-1',
  '0',
  '00000000000000000001',
  '2147483647',
  '2147483648',
  '4294967295',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '99999999999999999999999999999999999999',
  '1e9',
  '0x10',
  'NaN',
]

/** Bytes that mean something to a SIP parser. */
const special = '\r\n \t:;,<>"\\@?=&%[]()/\0\x7f\xff*'

function splice(bytes: Buffer, at: number, remove: number, insert: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(Math.min(bytes.length, at + remove))])
}

/** Lines of the head with their ends, and the body. */
function lines(bytes: Buffer): { head: string[]; body: Buffer } {
  const end = bytes.indexOf('\r\n\r\n')
  const cut = end < 0 ? bytes.length : end + 2
  return { head: bytes.toString('latin1', 0, cut).match(/[^\n]*\n|[^\n]+$/g) ?? [], body: bytes.subarray(cut) }
}

function joined(head: readonly string[], body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(head.join(''), 'latin1'), body])
}

type Mutation = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer

const mutations: readonly Mutation[] = [
  function flipBit(bytes, random) {
    const copy = Buffer.from(bytes)
    copy[random.integer(copy.length)]! ^= 1 << random.integer(8)
    return copy
  },
  function insertByte(bytes, random) {
    return splice(bytes, random.integer(bytes.length + 1), 0, Buffer.from([random.integer(256)]))
  },
  function insertSpecial(bytes, random) {
    const character = special[random.integer(special.length)]!
    return splice(bytes, random.integer(bytes.length + 1), 0, Buffer.from(character, 'latin1'))
  },
  function deleteBytes(bytes, random) {
    return splice(bytes, random.integer(bytes.length), 1 + random.integer(8), Buffer.alloc(0))
  },
  function truncate(bytes, random) {
    return bytes.subarray(0, random.integer(bytes.length))
  },
  function duplicateLine(bytes, random) {
    const { head, body } = lines(bytes)
    const line = head[random.integer(head.length)] ?? ''
    head.splice(random.integer(head.length + 1), 0, line)
    return joined(head, body)
  },
  function dropLine(bytes, random) {
    const { head, body } = lines(bytes)
    head.splice(random.integer(head.length), 1)
    return joined(head, body)
  },
  function swapLines(bytes, random) {
    const { head, body } = lines(bytes)
    const a = random.integer(head.length)
    const b = random.integer(head.length)
    const line = head[a]!
    head[a] = head[b]!
    head[b] = line
    return joined(head, body)
  },
  function foldLine(bytes, random) {
    const { head, body } = lines(bytes)
    const at = random.integer(head.length)
    head[at] = head[at]!.replace(/[ ;:,]/, (separator) => `${separator}\r\n `)
    return joined(head, body)
  },
  function spliceHeader(bytes, random, others) {
    const other = others[random.integer(others.length)]
    if (other === undefined) return bytes
    const { head, body } = lines(bytes)
    const foreign = lines(other).head
    head.splice(1 + random.integer(head.length), random.integer(2), foreign[random.integer(foreign.length)] ?? '')
    return joined(head, body)
  },
  function crossMessages(bytes, random, others) {
    const other = others[random.integer(others.length)]
    if (other === undefined) return bytes
    const tail = other.subarray(random.integer(other.length))
    return Buffer.concat([bytes.subarray(0, random.integer(bytes.length)), tail])
  },
  function longRun(bytes, random) {
    const character = special[random.integer(special.length)]!
    const run = Buffer.alloc(1 << random.integer(13), character, 'latin1')
    return splice(bytes, random.integer(bytes.length + 1), 0, run)
  },
  function longLine(bytes, random) {
    const { head, body } = lines(bytes)
    const at = random.integer(head.length)
    head[at] = head[at]!.replace(/\r?\n$/, `;x=${'y'.repeat(1 << random.integer(13))}\r\n`)
    return joined(head, body)
  },
  function manyHeaders(bytes, random) {
    const { head, body } = lines(bytes)
    const line = head[random.integer(head.length)] ?? 'X: y\r\n'
    head.splice(1, 0, ...new Array<string>(1 + random.integer(200)).fill(line))
    return joined(head, body)
  },
  function extremeNumber(bytes, random) {
    const text = bytes.toString('latin1')
    const numbers = [...text.matchAll(/\d+/g)]
    const chosen = numbers[random.integer(Math.max(1, numbers.length))]
    if (chosen === undefined) return bytes
    const extreme = Buffer.from(extremes[random.integer(extremes.length)]!)
    return splice(bytes, chosen.index, chosen[0].length, extreme)
  },
]

/**
 * A message made wrong in one to four ways: bits, bytes, lines, lengths, numbers, or parts of another message. Never empty-handed: any input gives
 * some output, of at most about 100 KB. The same seed gives the same message.
 * @param others messages that parts may be taken from
 */
export function mutate(bytes: Buffer, random: Random, others: readonly Buffer[] = []): Buffer {
  let result = bytes
  for (let times = 1 + random.integer(4); times > 0; times--) {
    if (result.length === 0) return result
    const mutation = mutations[random.integer(mutations.length)]!
    result = mutation(result, random, others)
    if (result.length > 100_000) result = result.subarray(0, 100_000)
  }
  return result
}
