import { useWords } from '../context.tsx'
import { phone } from '../phone/hub.ts'
import { TargetDialog } from './target-dialog.tsx'

/** Asks whom to call, and calls from this browser. */
export function NewCallDialog({ opened, onClose }: { readonly opened: boolean; readonly onClose: () => void }) {
  const w = useWords()
  return (
    <TargetDialog
      opened={opened}
      onClose={onClose}
      title={w.transfer.dialTitle}
      actions={[
        { label: w.transfer.call, primary: true, run: (to) => phone.send({ do: 'dial', to }) },
        {
          label: w.transfer.callVideo,
          hint: w.transfer.callVideoHint,
          colleaguesOnly: true,
          run: (to) => phone.send({ do: 'dial', to, video: true }),
        },
      ]}
    />
  )
}
