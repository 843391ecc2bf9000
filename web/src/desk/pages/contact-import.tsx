import { FileButton, Switch } from '@mantine/core'
import { useState } from 'react'
import type { ImportResult } from '#api/contract.ts'
import { useSpeech } from '../../i18n/index.ts'
import { api, faultText } from '../api.ts'
import { useWords } from '../context.tsx'
import { FormDialog } from '../parts/form-dialog.tsx'
import { say } from '../parts/say.ts'
import { Sign } from '../parts/sign.tsx'

interface ImportDialogProps {
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Takes contacts from a file; what it holds is shown before anything is taken in. */
export function ImportDialog({ onClose, onDone }: ImportDialogProps) {
  const w = useWords()
  const { number } = useSpeech()
  const [file, setFile] = useState<{ name: string; format: 'vcard' | 'csv'; text: string }>()
  const [shared, setShared] = useState(false)
  const [found, setFound] = useState<ImportResult>()
  const [fault, setFault] = useState('')
  const choose = async (chosen: File | null) => {
    if (!chosen) return
    setFound(undefined)
    setFault('')
    const text = await chosen.text()
    const format = /BEGIN:VCARD/i.test(text) ? 'vcard' : 'csv'
    setFile({ name: chosen.name, format, text })
    try {
      setFound(await api.importContacts({ format, text, shared: false, dryRun: true }))
    } catch (error) {
      setFault(faultText(error, w.form.unreachable))
    }
  }
  const take = async () => {
    if (!file || !found || found.imported === 0) return
    const { imported } = await api.importContacts({ format: file.format, text: file.text, shared, dryRun: false })
    say(w.contacts.imported(number(imported)))
    onDone()
  }
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={w.contacts.importTitle}
      action={found && found.imported > 0 ? w.contacts.importDo(number(found.imported)) : w.contacts.import}
      onSave={take}
    >
      <p className="quiet">{w.contacts.importIntro}</p>
      <FileButton onChange={(chosen) => void choose(chosen)} accept=".vcf,.csv,text/vcard,text/csv">
        {(props) => (
          <button type="button" className="button" {...props}>
            <Sign name="upload" /> {file?.name ?? w.contacts.importDrop}
          </button>
        )}
      </FileButton>
      <div role="status">
        {file && !found && !fault && <p className="quiet">{w.contacts.importCheck}</p>}
        {found && <p>{w.contacts.importFound(number(found.imported))}</p>}
        {found && found.skipped > 0 && <p>{w.contacts.importSkipped(number(found.skipped))}</p>}
      </div>
      {found && found.errors.length > 0 && (
        <ul className="import-errors">
          {found.errors.slice(0, 20).map((error) => (
            <li key={error.line}>{w.contacts.importLine(number(error.line), error.message)}</li>
          ))}
        </ul>
      )}
      <p role="alert" className="fault">
        {fault}
      </p>
      <Switch
        label={w.contacts.importShared}
        checked={shared}
        onChange={(event) => setShared(event.currentTarget.checked)}
      />
    </FormDialog>
  )
}
