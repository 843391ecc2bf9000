export type { UserAgentOptions } from './core.ts'
export { isPrivate, nextHop, routed, type Way } from './next-hop.ts'
export {
  eventOf,
  type NotifierPackage,
  type Subscription,
  type SubscriptionEnd,
  type SubscriptionHandlers,
} from './subscription.ts'
export * from './types.ts'
export { createSipStack, type SipStack, type SipStackOptions } from './user-agent.ts'
