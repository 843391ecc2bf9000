import '@mantine/core/styles.layer.css'
import '@mantine/notifications/styles.layer.css'
import '@mantine/spotlight/styles.layer.css'
import { createTheme, MantineProvider } from '@mantine/core'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import '../styles/tokens.css'
import '../styles/base.css'
import '../styles/board.css'
import '../styles/ladder.css'
import '../styles/desk.css'
import '../styles/desk-calls.css'
import '../styles/desk-callbacks.css'
import '../styles/mantine.css'
import { Desk } from './desk.tsx'

// Nothing is written into <style> elements, because the server's content policy allows style sheets of its own only.
const theme = createTheme({
  primaryColor: 'teal',
  fontFamily: 'var(--sans)',
  fontFamilyMonospace: 'var(--mono)',
  defaultRadius: 'md',
  respectReducedMotion: true,
  cursorType: 'pointer',
  components: {
    // A dialog's head is no banner of the page. Nothing fades: the key after a dialog was closed is the page's.
    Modal: {
      defaultProps: {
        lockScroll: false,
        centered: true,
        transitionProps: { duration: 0 },
        attributes: { header: { role: 'presentation' } },
      },
    },
    // Menus stay in the page's landmarks, and hold nothing but their entries.
    Menu: { defaultProps: { withinPortal: false, withInitialFocusPlaceholder: false } },
    Select: { defaultProps: { allowDeselect: false, comboboxProps: { withinPortal: true } } },
  },
})

createRoot(document.getElementById('root') as HTMLElement).render(
  <StrictMode>
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      withCssVariables={false}
      withGlobalClasses={false}
      deduplicateInlineStyles={false}
    >
      <Desk />
    </MantineProvider>
  </StrictMode>,
)
