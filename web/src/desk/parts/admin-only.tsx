import type { ReactNode } from 'react'
import { useDesk, useWords } from '../context.tsx'
import { Empty } from './page-head.tsx'

/** Pages of administrators; the server refuses others anyway. */
export function AdminOnly({ children }: { readonly children: ReactNode }) {
  const w = useWords()
  return useDesk().me.role === 'administrator' ? children : <Empty title={w.notAllowed} />
}
