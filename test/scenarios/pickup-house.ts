import { expect } from 'vitest'
import type { ChargeRow } from '#storage'
import { Scenario } from './checked.ts'
import type { Phone, PhoneOptions, Placed } from './phone.ts'

export const trunk = { address: '127.0.0.1', port: 5070, user: '+15551234567' }
export const completedElsewhere = 'SIP;cause=200;text="Call completed elsewhere"'

/** Bob's phone, carol's phone, and a caller from the telephone network. */
export async function house(carols: Partial<PhoneOptions> = {}, options: Parameters<typeof Scenario.start>[0] = {}) {
  const scenario = await Scenario.start(options)
  const bob = await scenario.registered('bob', 'bob', '10.0.0.2')
  const carol = await scenario.registered('carol', 'carol', '10.0.0.3', carols)
  const caller = scenario.phone('caller', trunk)
  return { scenario, bob, carol, caller }
}

/** The same, with bob's phone ringing. */
export async function ringing(carols: Partial<PhoneOptions> = {}, options: Parameters<typeof Scenario.start>[0] = {}) {
  const parts = await house(carols, options)
  const placed = parts.caller.call('+12025550102')
  await parts.scenario.pass(1000)
  expect(parts.bob.rung).toHaveLength(1)
  return { ...parts, placed, from: parts.scenario.mark() }
}

export async function charges(scenario: Scenario): Promise<readonly ChargeRow[]> {
  await scenario.pass(50)
  return (await scenario.storage.charges.list({ limit: 100 })).charges
}

/** Replaces for the dialog between the server and the newest INVITE of a ringing phone, as its own dialog package would tell it. */
export function replacing(
  phone: Phone,
  more = '',
  order: 'to-tag first' | 'turned' = 'to-tag first',
): [string, string] {
  const invitation = phone.rung.at(-1)
  const [theirs, ours] = [invitation?.localTag, invitation?.request.fromTag]
  const [to, from] = order === 'turned' ? [theirs, ours] : [ours, theirs]
  return ['Replaces', `${invitation?.request.callId};to-tag=${to};from-tag=${from}${more}`]
}

/** Everybody hangs up; nothing is left. */
export async function over(scenario: Scenario, hangUp?: Phone): Promise<void> {
  hangUp?.dialog?.bye()
  await scenario.pass(70_000)
  expect(scenario.house.calls.list()).toEqual([])
  expect(scenario.house.ua.sizes).toEqual({ dialogs: 0, transactions: 0 })
  expect((await scenario.media.counters()).legs).toBe(0)
  expect(await scenario.storage.calls.contexts()).toEqual([])
}

/** A phone that knows Replaces: it answers the INVITE and cancels what is replaced. */
export function replacer(more: Partial<PhoneOptions> = {}): { options: Partial<PhoneOptions>; own: { call?: Placed } } {
  const own: { call?: Placed } = {}
  const onInvite: PhoneOptions['onInvite'] = (invitation, phone) => {
    if (invitation.request.header('replaces') === undefined) return invitation.progress(180)
    phone.answer(invitation)
    own.call?.outgoing?.cancel()
  }
  return { options: { supports: ['replaces'], onInvite, ...more }, own }
}
