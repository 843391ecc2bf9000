import type { LegStatistics } from '#media'
import type { DialogState, Invitation } from '#sip'
import type { CallContextRow, RecordClose, RecordRow } from '#storage'
import type { AskedBranch } from './branch.ts'
import type { Caller } from './caller.ts'
import type { CallCause } from './cause.ts'
import type { AskedDialog } from './claim.ts'
import type { Core } from './core.ts'
import type { Leg } from './leg.ts'
import type { CallPlan } from './plan.ts'
import type { BranchView } from './types.ts'

/** What rows are made from. */
export interface CallFacts {
  readonly core: Core
  readonly id: string
  readonly from: Caller
  readonly dialled: string
  readonly plan: CallPlan | undefined
  readonly direction: RecordRow['direction']
  readonly startedAt: number
  readonly answeredAt: number
  readonly cause: CallCause
  readonly callee: Leg | undefined
  readonly trunk: string
  readonly branches: readonly BranchView[]
  /** The caller's dialog; a crash while stations ring is followed by its ending where the caller has answered us already. */
  readonly callerDialog: DialogState | undefined
  readonly branchDialogs: readonly (AskedBranch | AskedDialog | undefined)[]
}

/** The context of a ringing call. */
export function contextRowOf(facts: CallFacts): CallContextRow {
  const { presented } = facts.from
  return {
    callId: facts.id,
    node: facts.core.settings.node,
    callerNumber: presented.number,
    callerName: presented.name,
    dialled: facts.plan?.callee.number ?? facts.dialled,
    calleeId: facts.plan?.callee.id ?? '',
    branches: JSON.stringify(
      facts.branches.map((branch, index) => ({ ...branch, dialog: facts.branchDialogs[index] })),
    ),
    callerDialog: JSON.stringify(facts.callerDialog ?? null),
    ringingSince: facts.startedAt,
    direction: facts.direction,
    callerId: facts.from.person?.id ?? '',
    calleeName: facts.plan?.callee.name ?? '',
    trunk: facts.trunk,
  }
}

/** The record as it is opened at the answer, or written whole for a call that nobody took. */
export function recordOf(facts: CallFacts, answeredAt: number): RecordRow {
  const { presented, person } = facts.from
  return {
    id: facts.id,
    node: facts.core.settings.node,
    state: 'live',
    direction: facts.direction,
    callerNumber: presented.number,
    callerName: presented.name,
    callerId: person?.id ?? '',
    dialled: facts.plan?.callee.number ?? facts.dialled,
    calleeName: facts.plan?.callee.name ?? '',
    calleeId: facts.plan?.callee.id ?? '',
    trunk: facts.trunk,
    startedAt: facts.startedAt,
    answeredAt: answeredAt > 0 ? answeredAt : null,
    endedAt: null,
    answeredById: facts.callee?.party.person?.id ?? '',
    answeredStation: facts.callee?.party.station ?? '',
    cause: facts.cause,
    status: answeredAt > 0 ? 200 : 0,
    endedBy: '',
    branches: JSON.stringify(facts.branches),
    quality: '{}',
  }
}

/** What closes the record of an answered call. */
export function closeOf(
  facts: CallFacts,
  endedBy: RecordRow['endedBy'],
  quality: { caller: LegStatistics | undefined; callee: LegStatistics | undefined },
): RecordClose {
  return {
    id: facts.id,
    endedAt: facts.core.clock.now(),
    cause: facts.cause,
    endedBy,
    quality: JSON.stringify(quality),
    branches: JSON.stringify(facts.branches),
    ...(facts.callee
      ? { answeredById: facts.callee.party.person?.id ?? '', answeredStation: facts.callee.party.station }
      : {}),
  }
}

/**
 * The dialog that our 200 will confirm (RFC 3261 §12.1.1), known before it is sent: it has to be in the database first, so that a crash
 * right after the 200 leaves nobody in a dead call.
 */
export function uasDialogState(invitation: Invitation, localContact: string): DialogState {
  const { request, flow } = invitation
  return {
    callId: request.callId,
    localTag: invitation.localTag,
    remoteTag: request.fromTag,
    localUri: withoutTag(request.header('to') ?? ''),
    remoteUri: withoutTag(request.header('from') ?? ''),
    remoteTarget: request.contacts[0]?.uri.text ?? '',
    localContact,
    routeSet: request.headerList('record-route'),
    localSeq: 0,
    remoteSeq: request.cseq.number,
    secure: request.uri.scheme === 'sips',
    flow: { protocol: flow.protocol, address: flow.remoteAddress, port: flow.remotePort },
  }
}

function withoutTag(nameAddr: string): string {
  return nameAddr.replace(/;\s*tag=[^;>\s]*/i, '')
}
