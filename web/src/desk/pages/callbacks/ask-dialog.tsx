import { Autocomplete, SegmentedControl, Textarea, TextInput } from '@mantine/core'
import { useId, useRef, useState } from 'react'
import { ApiRefusal } from '#api/contract/client.ts'
import { ask } from '../../api.ts'
import { useDesk, useWords } from '../../context.tsx'
import { FormDialog } from '../../parts/form-dialog.tsx'
import { inputsOf } from '../../parts/inputs.ts'
import { say } from '../../parts/say.ts'
import { timeOf } from './calendar-model.ts'
import { Choices } from './choices.tsx'
import { useSides } from './party.ts'

type Side = 'called' | 'caller'

interface AskDialogProps {
  readonly onClose: () => void
  readonly onAsked: () => void
}

/** The form "Have somebody called". What the server asks back is shown as choices at its field. */
export function AskDialog({ onClose, onAsked }: AskDialogProps) {
  const w = useWords()
  const { people } = useDesk()
  const sides = useSides()
  const when = useId()
  const inputOf = { called: useRef<HTMLInputElement>(null), caller: useRef<HTMLInputElement>(null) }
  const [form, setForm] = useState({ called: '', caller: w.callbacks.callerMe, when: 'now', at: '', note: '' })
  const [question, setQuestion] = useState<{ readonly field: Side; readonly choices: readonly string[] }>()
  const change = (part: Partial<typeof form>) => {
    setForm((before) => ({ ...before, ...part }))
    if (question && question.field in part) setQuestion(undefined)
  }
  const names = people.filter(({ extension }) => extension !== '').map(({ name }) => name)
  const save = async () => {
    const { called, note } = form
    const caller = [w.callbacks.callerMe, ''].includes(form.caller.trim()) ? 'me' : form.caller
    const at = form.when === 'now' ? undefined : timeIn(form.at, w.callbacks)
    setQuestion(undefined)
    try {
      const callback = await ask('POST /api/v1/callbacks', {
        body: { called, caller, note, ...(at === undefined ? {} : { at }) },
      })
      say(callback.state === 'asking' ? w.callbacks.askedBack : w.callbacks.requested(sides(callback).called))
    } catch (error) {
      throw askedBack(error)
    }
    onAsked()
  }
  /** Messages list the choices as numbers to answer with; here they are buttons. */
  const askedBack = (error: unknown) => {
    if (!(error instanceof ApiRefusal) || error.status !== 409) return error
    const { field, choices, code } = error
    if ((field === 'called' || field === 'caller') && choices.length > 0) setQuestion({ field, choices })
    const [message = ''] = error.message.split('\n')
    return new ApiRefusal(409, { code, message, ...(field ? { field } : {}) })
  }
  const choicesAt = (field: Side) =>
    question?.field === field && (
      <Choices
        label={w.callbacks.choices}
        choices={question.choices}
        onChoose={(choice) => {
          change({ [field]: choice })
          inputOf[field].current?.focus()
        }}
      />
    )
  return (
    <FormDialog
      opened
      onClose={onClose}
      title={w.callbacks.askTitle}
      action={w.callbacks.askAction}
      failed={w.callbacks.notRequested}
      onSave={save}
    >
      {(faultOf) => {
        const inputs = inputsOf(form, change, faultOf)
        const side = (field: Side) => ({
          ref: inputOf[field],
          data: [...new Set(names)],
          limit: 6,
          maxLength: 200,
          value: form[field],
          error: faultOf(field),
          onChange: (value: string) => change({ [field]: value }),
        })
        return (
          <>
            <Autocomplete
              data-autofocus
              required
              label={w.callbacks.called}
              description={w.callbacks.calledHint}
              {...side('called')}
            />
            {choicesAt('called')}
            <Autocomplete label={w.callbacks.caller} description={w.callbacks.callerHint} {...side('caller')} />
            {choicesAt('caller')}
            <div>
              <p className="mantine-InputWrapper-label" id={when}>
                {w.callbacks.when}
              </p>
              <SegmentedControl
                aria-labelledby={when}
                value={form.when}
                data={[
                  { value: 'now', label: w.callbacks.now },
                  { value: 'later', label: w.callbacks.later },
                ]}
                onChange={(value) => change({ when: value })}
              />
            </div>
            {form.when === 'later' && (
              <TextInput
                required
                type="datetime-local"
                label={w.callbacks.at}
                description={Intl.DateTimeFormat().resolvedOptions().timeZone}
                {...inputs.text('at')}
              />
            )}
            <Textarea
              label={w.callbacks.note}
              description={w.callbacks.noteHint}
              autosize
              minRows={2}
              maxLength={2_000}
              {...inputs.text('note')}
            />
          </>
        )
      }}
    </FormDialog>
  )
}

/** @throws ApiRefusal as the server would, for what is no time */
function timeIn(typed: string, words: { readonly atMissing: string; readonly atNever: string }): number {
  const at = timeOf(typed)
  const message = at === undefined ? words.atNever : words.atMissing
  if (at === undefined || Number.isNaN(at)) throw new ApiRefusal(400, { code: 'invalid', field: 'at', message })
  return at
}
