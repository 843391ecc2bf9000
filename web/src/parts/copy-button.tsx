import { useEffect, useState } from 'react'
import { useSpeech } from '../i18n/index.ts'
import { Icon } from './icon.tsx'

/** Copies a text and says so. @param what names the text for people who do not see what stands beside it */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const { t } = useSpeech()
  const [copied, setCopied] = useState(false)
  useEffect(() => {
    if (!copied) return
    const timer = setTimeout(() => setCopied(false), 2000)
    return () => clearTimeout(timer)
  }, [copied])
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    )
  }
  return (
    <button
      type="button"
      className="copy"
      onClick={copy}
      aria-label={t.copy(what)}
      title={t.copy(what)}
      data-done={copied}
    >
      <Icon name={copied ? 'done' : 'copy'} />
      <span className="unseen" role="status">
        {copied ? t.copied : ''}
      </span>
    </button>
  )
}
