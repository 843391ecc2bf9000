import { Modal } from '@mantine/core'
import { encode } from 'uqr'
import type { DeviceSecret, DeviceShape } from '#api/contract.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { useWords } from '../context.tsx'

interface SecretDialogProps {
  readonly device: DeviceShape
  readonly secret: DeviceSecret
  readonly onClose: () => void
}

/** What a phone needs to register: to copy, and as a code to read. */
export function SecretDialog({ device, secret, onClose }: SecretDialogProps) {
  const w = useWords()
  const values = [
    { name: w.devices.user, text: secret.username },
    { name: w.devices.password, text: secret.password },
    { name: w.devices.domain, text: secret.domain },
    ...(secret.server ? [{ name: w.devices.server, text: secret.server }] : []),
  ]
  return (
    <Modal
      opened
      onClose={onClose}
      size="lg"
      title={w.devices.secretTitle(device.name)}
      closeButtonProps={{ 'aria-label': w.form.close }}
      closeOnClickOutside={false}
    >
      <p>{w.devices.secretIntro}</p>
      <div className="secret">
        <dl className="values">
          {values.map(({ name, text }) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <code>{text}</code>
                <CopyButton text={text} what={name} />
              </dd>
            </div>
          ))}
        </dl>
        <figure className="qr">
          <QrCode text={settingsText(secret)} label={w.devices.qr} />
          <figcaption className="quiet">{w.devices.qrText}</figcaption>
        </figure>
      </div>
      <div className="dialog-actions">
        <button type="button" className="button" data-kind="primary" onClick={onClose}>
          {w.form.close}
        </button>
      </div>
    </Modal>
  )
}

/** An address with its password and proxy, as SIP apps read it. */
function settingsText({ username, password, domain, server }: DeviceSecret): string {
  const proxy = server ? `;proxy=${server}` : ''
  return `sip:${encodeURIComponent(username)}:${encodeURIComponent(password)}@${domain}${proxy}`
}

function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const { data, size } = encode(text, { ecc: 'M', border: 2 })
  let path = ''
  data.forEach((row, y) => {
    row.forEach((dark, x) => {
      if (dark) path += `M${x} ${y}h1v1h-1z`
    })
  })
  return (
    <svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} fill="#fff" />
      <path d={path} fill="#000" />
    </svg>
  )
}
