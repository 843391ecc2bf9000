import { useLive } from '../../api/live.ts'
import { api } from '../api.ts'
import { useList } from './use-list.ts'

/** How many messages wait for me. */
export function useFreshMessages(): number {
  const { messages } = useLive()
  const { value } = useList((signal) => api.voicemail({ limit: 1 }, signal), String(messages))
  return value?.fresh ?? 0
}
