import type { CallRecord } from '#api/contract.ts'
import { useSpeech } from '../../i18n/index.ts'
import { RecordTable } from '../../pages/record-table.tsx'
import { partyText } from '../../parts/words.ts'
import { useDesk, useWords } from '../context.tsx'
import { phone } from '../phone/hub.ts'
import { Sign } from './sign.tsx'

/** Calls that are over; each leads to its messages, and can be called back. */
export function CallBackTable({ records }: { readonly records: readonly CallRecord[] }) {
  const w = useWords()
  return <RecordTable records={records} act={{ name: w.transfer.call, of: (record) => <CallBack record={record} /> }} />
}

function CallBack({ record }: { readonly record: CallRecord }) {
  const { t } = useSpeech()
  const w = useWords()
  const { me } = useDesk()
  const other = record.caller.personId === me.id ? record.callee : record.caller
  if (other.number === '') return null
  const name = w.history.callBack(partyText(other, t))
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={name}
      title={name}
      onClick={() => phone.send({ do: 'dial', to: other.number.replace(/\s/g, '') })}
    >
      <Sign name="phone" size={18} />
    </button>
  )
}
