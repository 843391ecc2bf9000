/** What is used of `@xmpp/client` and `@xmpp/component`, which bring no types. */
declare module '@xmpp/client' {
  export interface Element {
    readonly name: string
    attrs: Record<string, string | undefined>
    is(name: string, namespace?: string): boolean
    getNS(): string | undefined
    getChild(name: string, namespace?: string): Element | undefined
    getChildren(name: string, namespace?: string): Element[]
    getChildElements(): Element[]
    getChildText(name: string, namespace?: string): string | null
    text(): string
    toString(): string
  }
  export type Xml = (
    name: string,
    attrs?: Record<string, string | undefined>,
    ...children: (Element | string | undefined)[]
  ) => Element
  export interface Entity {
    readonly jid: { toString(): string } | null
    readonly status: string
    readonly reconnect: { stop(): void }
    readonly iqCallee: {
      get(namespace: string, name: string, handler: (context: { stanza: Element }) => Element | object): void
    }
    /** Of accounts only: acknowledgements (XEP-0198). */
    readonly streamManagement?: { enabled: boolean }
    _onData(data: Buffer): void
    isSecure(): boolean
    connect(service: string): Promise<unknown>
    open(options: { domain: string }): Promise<unknown>
    send(element: Element): Promise<void>
    stop(): Promise<unknown>
    on(event: 'online' | 'disconnect', listener: () => void): void
    on(event: 'error', listener: (error: Error & { condition?: string }) => void): void
    on(event: 'element' | 'stanza', listener: (stanza: Element) => void): void
  }
  type Credentials = { username: string; password: string }
  export function client(options: {
    service: string
    domain: string
    resource: string
    username: string
    credentials: (
      authenticate: (credentials: Credentials, mechanism: string | undefined, agent?: Element) => Promise<void>,
      mechanisms: string[],
      fast: unknown,
      entity: Entity,
    ) => Promise<void>
  }): Entity
  export const xml: Xml
}

declare module '@xmpp/component' {
  import type { Entity, Xml } from '@xmpp/client'

  export function component(options: { service: string; domain: string; password: string }): Entity
  export const xml: Xml
}
