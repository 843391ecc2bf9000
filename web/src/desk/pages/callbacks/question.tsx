import { TextInput } from '@mantine/core'
import { useRef, useState } from 'react'
import type { Callback } from '#api/contract.ts'
import { ask } from '../../api.ts'
import { useWords } from '../../context.tsx'
import { say } from '../../parts/say.ts'
import { useSaving } from '../../parts/use-saving.ts'
import { Choices } from './choices.tsx'

interface QuestionProps {
  readonly id: string
  readonly question: NonNullable<Callback['question']>
  readonly onAnswered: () => void
}

/** What has to be answered before anybody is rung: a choice, yes, or other words. */
export function Question({ id, question, onAnswered }: QuestionProps) {
  const w = useWords()
  const [text, setText] = useState('')
  const chosen = useRef<string>(undefined)
  const { form, busy, submit, rest } = useSaving(async () => {
    const words = chosen.current ?? text
    chosen.current = undefined
    await ask('POST /api/v1/callbacks/{id}/answer', { path: { id }, body: { text: words } })
    say(w.callbacks.answered)
    setText('')
    onAnswered()
  })
  const choose = (words: string) => {
    chosen.current = words
    form.current?.requestSubmit()
  }
  if (question.about === 'link') return <p className="quiet">{w.callbacks.linkSent}</p>
  const choices = question.about === 'confirm' ? [] : question.choices
  const sentence = question.text
    .split('\n')
    .slice(0, question.about === 'confirm' ? 2 : 1)
    .join(' ')
  return (
    <form ref={form} className="callback-question" aria-label={w.callbacks.question} onSubmit={submit}>
      <p>{sentence}</p>
      {choices.length > 0 && (
        <Choices label={w.callbacks.choices} choices={choices} disabled={busy} onChoose={choose} />
      )}
      {question.about === 'confirm' && (
        <button type="button" className="button" data-kind="primary" disabled={busy} onClick={() => choose('yes')}>
          {w.callbacks.yes}
        </button>
      )}
      <div className="callback-answer">
        <TextInput
          aria-label={w.callbacks.answer}
          placeholder={w.callbacks.answer}
          maxLength={500}
          value={text}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <button type="submit" className="button" disabled={busy}>
          {w.callbacks.send}
        </button>
      </div>
      <p role="alert" className="fault">
        {rest()}
      </p>
    </form>
  )
}
