import { Menu, useMantineColorScheme } from '@mantine/core'
import { type ReactNode, useEffect, useState } from 'react'
import { useLive } from '../../api/live.ts'
import mark from '../../baton.svg'
import { type Language, languages, useSpeech } from '../../i18n/index.ts'
import { ask, faultText } from '../api.ts'
import { useDesk, useWords } from '../context.tsx'
import { usePhone } from '../phone/hub.ts'
import { logOut, refreshPerson } from '../session.ts'
import { listenForPalette, openPalette } from './palette-state.ts'
import { say, sayTrouble } from './say.ts'
import { Sign, type SignName } from './sign.tsx'
import type { DeskPage, DeskRoute } from './use-desk-route.ts'
import { useFreshMessages } from './use-fresh-messages.ts'

interface Item {
  readonly page: DeskPage
  readonly symbol: SignName
  /** Has no room at the bottom of a phone: another page leads there. */
  readonly wide?: boolean
}

const everybody: readonly Item[] = [
  { page: 'calls', symbol: 'phone' },
  { page: 'history', symbol: 'history' },
  { page: 'voicemail', symbol: 'voicemail', wide: true },
  { page: 'charges', symbol: 'charges', wide: true },
  { page: 'callbacks', symbol: 'callbacks', wide: true },
  { page: 'contacts', symbol: 'contacts' },
  { page: 'devices', symbol: 'devices' },
  { page: 'settings', symbol: 'settings' },
]
const managed: readonly Item[] = [
  { page: 'people', symbol: 'people' },
  { page: 'groups', symbol: 'groups' },
  { page: 'queues', symbol: 'history' },
  { page: 'numbers', symbol: 'numbers' },
  { page: 'trunks', symbol: 'trunks' },
]

interface ShellProps {
  readonly route: DeskRoute
  readonly onLanguage: (language: Language) => void
  readonly children: ReactNode
}

/** The frame: pages at the side or, on a phone, at the bottom; search, presence and account on top. */
export function Shell({ route, onLanguage, children }: ShellProps) {
  const w = useWords()
  const { me } = useDesk()
  const admin = me.role === 'administrator'
  useEffect(listenForPalette, [])
  return (
    <div className="desk">
      <button type="button" className="skip" onClick={() => document.getElementById('main')?.focus()}>
        {w.skip}
      </button>
      <header className="desk-top">
        <a className="brand" href="#/calls">
          <img src={mark} alt="" width="34" height="34" />
          <span>Baton</span>
        </a>
        <button type="button" className="search-button" onClick={openPalette} aria-keyshortcuts="Control+K">
          <Sign name="search" />
          <span>{w.palette.open}</span>
          <kbd>Ctrl K</kbd>
        </button>
        <PresenceMenu />
        <AccountMenu onLanguage={onLanguage} />
      </header>
      <nav className="desk-nav" aria-label={w.menu}>
        <ul>
          {everybody.map((item) => (
            <NavItem key={item.page} {...item} route={route} />
          ))}
        </ul>
        {admin && (
          <>
            <p className="desk-nav-head" id="manage-head">
              {w.manage}
            </p>
            <ul aria-labelledby="manage-head" className="desk-nav-managed">
              {managed.map((item) => (
                <NavItem key={item.page} {...item} route={route} />
              ))}
            </ul>
            <ManageMenu route={route} />
          </>
        )}
      </nav>
      <main id="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  )
}

function NavItem({ page, symbol, wide, route }: Item & { readonly route: DeskRoute }) {
  const w = useWords()
  const current = route.page === page || (page === 'calls' && route.page === 'call')
  return (
    <li className={wide ? 'only-wide' : undefined}>
      <a href={`#/${page}`} aria-current={current ? 'page' : undefined}>
        <Sign name={symbol} />
        <span>{w.pages[page]}</span>
        {page === 'voicemail' && <FreshCount />}
      </a>
    </li>
  )
}

/** How many messages wait; nothing where none does. */
function FreshCount() {
  const w = useWords()
  const count = useFreshMessages()
  if (count === 0) return null
  return (
    <span className="tag fresh-count">
      <span aria-hidden="true">{count}</span>
      <span className="unseen">{w.voicemail.waiting(count)}</span>
    </span>
  )
}

/** On a phone the managing pages share one entry. */
function ManageMenu({ route }: { readonly route: DeskRoute }) {
  const w = useWords()
  return (
    <Menu position="top-end" shadow="md" width={200}>
      <Menu.Target>
        <button type="button" className="desk-nav-more" data-current={managed.some(({ page }) => page === route.page)}>
          <Sign name="more" />
          <span>{w.manage}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {managed.map(({ page, symbol }) => (
          <Menu.Item key={page} component="a" href={`#/${page}`} leftSection={<Sign name={symbol} />}>
            {w.pages[page]}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

const presences = ['available', 'away', 'dnd'] as const
export type Presence = (typeof presences)[number]

/** Changes who may reach me, at the server. */
export async function changePresence(presence: Presence): Promise<void> {
  await ask('PATCH /api/v1/settings', { body: { presence } })
  await refreshPerson()
}

function PresenceMenu() {
  const w = useWords()
  const { me } = useDesk()
  const [busy, setBusy] = useState(false)
  const presence = me.settings.presence
  const hints = { available: w.presence.availableHint, away: w.presence.awayHint, dnd: w.presence.dndHint }
  const choose = async (to: Presence) => {
    setBusy(true)
    try {
      await changePresence(to)
      say(w.presence.changed(w.presence[to]))
    } catch (error) {
      sayTrouble(w.form.failed(faultText(error, w.form.unreachable)))
    }
    setBusy(false)
  }
  return (
    <Menu position="bottom-end" shadow="md" width={290}>
      <Menu.Target>
        <button type="button" className="presence-button" data-presence={presence} disabled={busy}>
          <span className="unseen">{w.presence.title}: </span>
          <span>{w.presence[presence]}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        {presences.map((each) => (
          <Menu.Item
            key={each}
            aria-current={each === presence}
            leftSection={<span className="presence-dot" data-presence={each} aria-hidden="true" />}
            rightSection={each === presence ? <Sign name="check" /> : null}
            onClick={() => void choose(each)}
          >
            {w.presence[each]}
            <span className="menu-hint">{hints[each]}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}

function AccountMenu({ onLanguage }: { readonly onLanguage: (language: Language) => void }) {
  const w = useWords()
  const { language } = useSpeech()
  const { me } = useDesk()
  const { colorScheme, setColorScheme } = useMantineColorScheme()
  const { connection } = usePhone()
  const board = useLive().connection
  const state = board === 'lost' ? 'lost' : connection
  return (
    <Menu position="bottom-end" shadow="md" width={270} closeOnItemClick>
      <Menu.Target>
        <button type="button" className="account-button" aria-label={w.account(me.name)} title={me.name}>
          <span aria-hidden="true">{initials(me.name)}</span>
          <span className="account-dot" data-state={state} aria-hidden="true" />
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <div className="account-head">
          <strong>{me.name}</strong>
          {me.extension && <span className="quiet"> {me.extension}</span>}
          <p className="quiet" data-phone={state}>
            {state === 'lost' ? w.phone.off : w.phone[state]}
          </p>
        </div>
        <Menu.Divider />
        <Menu.Label>{w.theme.title}</Menu.Label>
        {(['auto', 'light', 'dark'] as const).map((scheme) => (
          <Menu.Item
            key={scheme}
            aria-current={colorScheme === scheme}
            rightSection={colorScheme === scheme ? <Sign name="check" /> : null}
            onClick={() => setColorScheme(scheme)}
          >
            {w.theme[scheme]}
          </Menu.Item>
        ))}
        <Menu.Label>{w.language}</Menu.Label>
        {(Object.keys(languages) as Language[]).map((tag) => (
          <Menu.Item
            key={tag}
            aria-current={tag === language}
            lang={tag}
            rightSection={tag === language ? <Sign name="check" /> : null}
            onClick={() => onLanguage(tag)}
          >
            {languages[tag].name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Item onClick={() => void logOut()}>{w.logOut}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  )
}

/** `AB` for Alice Brown. */
export function initials(name: string): string {
  const words = name.trim().split(/\s+/)
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => [...(word ?? '')][0] ?? '')
  return letters.join('').toUpperCase()
}
