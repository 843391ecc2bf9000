import { Menu } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import type { CallShape, DeviceShape } from '#api/contract.ts'
import { useLive } from '../../api/live.ts'
import { api, faultText } from '../api.ts'
import { useDesk, useWords } from '../context.tsx'
import { say, sayTrouble } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'
import { useSingleKeys } from '../parts/single-keys.ts'
import { phone, usePhone } from '../phone/hub.ts'
import { numberText, whoCalls } from './party.ts'
import { type PickupRefusal, takeable, takenBy } from './pickup-model.ts'

/** Takes a colleague's call: in this browser while it is a phone, else on my other devices, which then ring. */
export function usePickUp(): (call: CallShape, device?: DeviceShape) => Promise<void> {
  const w = useWords()
  const { pickupCode } = useDesk()
  const { connection } = usePhone()
  const refused = usePickupRefused()
  return async (call, device) => {
    const whose = whoseCall(call)
    if (!device && connection === 'registered' && pickupCode) {
      phone.goAvailable()
      const { name, number } = call.caller
      phone.send({ do: 'pickup', call: call.id, code: pickupCode, name, number, whose })
      return
    }
    const unsay = say(device ? w.incoming.answeringOn(device.name) : w.pickup.ringing)
    try {
      await api.pickUp(call.id, device?.id)
    } catch (error) {
      unsay()
      if (error instanceof ApiRefusal) refused({ code: error.code, by: takenBy(error.message) }, whose)
      else sayTrouble(w.pickup.failed(faultText(error, w.incoming.unreachable)))
    }
  }
}

/** Says in words why a call could not be taken. */
export function usePickupRefused(): (refusal: PickupRefusal, whose: string) => void {
  const w = useWords()
  const { people } = useDesk()
  return ({ code, by }, whose) => {
    // A station is named after the log-in of whose it is.
    const login = by.split('/')[0]
    const who = people.find((person) => person.login === login)?.name || by
    const text: Readonly<Record<string, string>> = {
      taken: who ? w.pickup.taken(who) : w.incoming.faster,
      'nothing-rings': w.pickup.nothing,
      'not-found': w.pickup.nothing,
      'caller-gone': w.incoming.gone,
      'not-allowed': w.pickup.notAllowed(whose),
      unreachable: w.pickup.noDevice,
      'no-answer': w.pickup.unanswered,
      busy: w.pickup.unanswered,
      declined: w.pickup.unanswered,
      cancelled: w.pickup.unanswered,
    }
    sayTrouble(text[code] ?? w.pickup.failed(w.pickup.unknown))
  }
}

/** Nothing to see: the key that takes the longest-ringing call, and a word to screen readers when there is one. */
export function PickUps() {
  const w = useWords()
  const { me } = useDesk()
  const { calls } = useLive()
  const pickUp = usePickUp()
  const first = takeable(calls.values(), me.id)[0]
  useSingleKeys({ p: first && (() => void pickUp(first)) })
  return (
    <p className="unseen" aria-live="polite">
      {first ? w.pickup.heard(whoseCall(first), whoCalls(first.caller, w)) : ''}
    </p>
  )
}

/** Takes this call; a small menu beside it offers my other devices. */
export function PickUpButton({ call, first }: { readonly call: CallShape; readonly first: boolean }) {
  const w = useWords()
  const { devices } = useDesk()
  const pickUp = usePickUp()
  const [busy, setBusy] = useState(false)
  const run = async (device?: DeviceShape) => {
    setBusy(true)
    await pickUp(call, device)
    setBusy(false)
  }
  const others = devices.filter((device) => device.kind !== 'desk' && device.bindings.length > 0)
  const about = w.pickup.about(whoCalls(call.caller, w), whoseCall(call))
  return (
    <div className="pick-up">
      <button
        type="button"
        className="button"
        data-kind="primary"
        disabled={busy}
        aria-label={`${w.pickup.button}: ${about}`}
        aria-keyshortcuts={first ? 'P' : undefined}
        title={first ? `${w.pickup.button} (${w.incoming.key('P')})` : w.pickup.button}
        onClick={() => void run()}
      >
        <Sign name="phone" /> {w.pickup.button}
      </button>
      {others.length > 0 && (
        <Menu position="bottom-end" shadow="md" width={260} withinPortal returnFocus>
          <Menu.Target>
            <button type="button" className="icon-button" disabled={busy} aria-label={`${w.pickup.on}: ${about}`}>
              <Sign name="down" size={18} />
            </button>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Label>{w.pickup.on}</Menu.Label>
            {others.map((device) => (
              <Menu.Item key={device.id} leftSection={<Sign name="phone" />} onClick={() => void run(device)}>
                {device.name}
                <span className="menu-hint">{w.devices.kinds[device.kind]}</span>
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
    </div>
  )
}

/** That a colleague's phone rings, who calls, and the button to take it. */
export function RingingBadge({ call }: { readonly call: CallShape }): ReactNode {
  const w = useWords()
  const { me } = useDesk()
  const { calls } = useLive()
  const mine = takeable(calls.values(), me.id)
  return (
    <>
      <span className="target-state" data-state="rings">
        {call.callerHidden ? w.pickup.rings : w.pickup.ringsFrom(whoCalls(call.caller, w))}
      </span>
      {mine.includes(call) && <PickUpButton call={call} first={mine[0] === call} />}
    </>
  )
}

/** Whom the call is for, as people say it. */
function whoseCall({ callee }: CallShape): string {
  return callee.name || numberText(callee.number)
}
