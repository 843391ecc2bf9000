export * from './mail/index.ts'
export * from './message.ts'
/** Ways in and out other than telephone calls. */
export { PushSubscriptions } from './push-subscriptions.ts'
export { endpointFault, hostOf, type MayReach, mayReach } from './reach.ts'
export { RingNotices } from './ring-notices.ts'
export { type PushNotice, type VapidKeys, vapidKeys, WebPush } from './web-push.ts'
export * from './xmpp/index.ts'
