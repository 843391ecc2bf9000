import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { live } from './api/live.ts'
import { App } from './app.tsx'
import './styles/tokens.css'
import './styles/base.css'
import './styles/board.css'
import './styles/ladder.css'

live.start()
createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
