import type { Request } from '../message/index.ts'
import type { ServerTransaction } from '../transaction/index.ts'
import { answerOptions } from './core.ts'
import type { LiveDialog } from './dialog.ts'
import { IncomingOffer } from './incoming-offer.ts'
import { answerSession } from './session-timer.ts'

/** Handles a request that belongs to a dialog (RFC 3261 §12.2.2). */
export function receiveInDialog(dialog: LiveDialog, transaction: ServerTransaction): void {
  const { request } = transaction
  const { method } = request
  if (dialog.ended) {
    // A BYE that crossed ours is answered like any other (RFC 5407 §3.1.3).
    transaction.respond(method === 'BYE' ? 200 : 481)
    return
  }
  if (request.cseq.number < dialog.remoteSeq) {
    transaction.respond(500, 'CSeq Out of Order')
    return
  }
  if (request.cseq.number === dialog.remoteSeq) {
    transaction.respond(482)
    return
  }
  dialog.remoteSeq = request.cseq.number
  dialog.flow = transaction.flow
  dialog.hear(request)
  if (dialog.subscription) {
    dialog.subscription.receive(transaction)
    return
  }
  const { handlers } = dialog
  switch (method) {
    case 'BYE':
      endByPeer(dialog, transaction)
      return
    case 'INVITE':
      reinvited(dialog, transaction)
      return
    case 'UPDATE':
      updated(dialog, transaction)
      return
    case 'PRACK':
      if (dialog.prack) dialog.prack(transaction)
      else transaction.respond(481)
      return
    case 'OPTIONS':
      answerOptions(dialog.core, transaction)
      return
    case 'REFER':
      if (handlers.refer) handlers.refer(transaction)
      else transaction.respond(603)
      return
    case 'INFO':
      if (handlers.info) handlers.info(transaction)
      else transaction.respond(request.body.length > 0 ? 415 : 200)
      return
    case 'MESSAGE':
      if (handlers.message) handlers.message(transaction)
      else transaction.respond(405, undefined, [['Allow', dialog.core.allow]])
      return
    case 'NOTIFY':
      if (handlers.notify) handlers.notify(transaction)
      else transaction.respond(481, 'Subscription Does Not Exist')
      return
    case 'SUBSCRIBE':
      transaction.respond(489)
      return
    default:
      transaction.respond(405, undefined, [['Allow', dialog.core.allow]])
  }
}

/** BYE: 200 first, then whatever of the peer's is still open gets its 487 (§15.1.2). */
function endByPeer(dialog: LiveDialog, transaction: ServerTransaction): void {
  const { request } = transaction
  transaction.respond(200)
  if (dialog.earlyBye) {
    dialog.earlyBye(request)
    return
  }
  dialog.drop()
  dialog.handlers.bye?.(request)
}

function reinvited(dialog: LiveDialog, transaction: ServerTransaction): void {
  const { offers } = dialog
  if (!dialog.confirmed || offers.theirs !== 'none') busyWithTheirs(dialog, transaction)
  // Our own offer is under way, or waits for its answer in an ACK.
  else if (offers.ours || offers.unacked === 'offered') transaction.respond(491)
  else takeOffer(dialog, transaction)
}

function updated(dialog: LiveDialog, transaction: ServerTransaction): void {
  const { offers } = dialog
  const { request } = transaction
  if (request.body.length > 0) {
    if (offers.theirs !== 'none') busyWithTheirs(dialog, transaction)
    else if (offers.ours || offers.unacked === 'offered') transaction.respond(491)
    else takeOffer(dialog, transaction)
    return
  }
  // No offer: a refresh of the session or of the target.
  const session = answerFor(dialog, request)
  if (!session.ok) {
    transaction.respond(422, undefined, session.headers)
    return
  }
  transaction.respond(200, undefined, [
    ['Contact', `<${dialog.localContact}>`],
    ['Allow', dialog.core.allow],
    ['Supported', dialog.core.supported],
    ...session.headers,
  ])
  dialog.retarget(request)
  if (dialog.confirmed) dialog.session.agree(session.agreement)
  dialog.handlers.changed?.(dialog)
}

function takeOffer(dialog: LiveDialog, transaction: ServerTransaction): void {
  const { handlers } = dialog
  const session = answerFor(dialog, transaction.request)
  if (!session.ok) {
    transaction.respond(422, undefined, session.headers)
    return
  }
  if (!handlers.offer) {
    transaction.respond(488)
    return
  }
  const incoming = new IncomingOffer(dialog, transaction, session.agreement, session.headers)
  dialog.pending = incoming
  handlers.offer(incoming)
}

function answerFor(dialog: LiveDialog, request: Request) {
  return answerSession(dialog.core, request, dialog.session.agreement, dialog.peerAllows.has('UPDATE'))
}

/** A second offer before the first is answered (§14.2). */
function busyWithTheirs(dialog: LiveDialog, transaction: ServerTransaction): void {
  transaction.respond(500, 'Offer Pending', [['Retry-After', `${dialog.core.random.integer(11)}`]])
}
