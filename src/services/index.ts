export { CallPickup, type PickupElsewhere, type PickupWay, type Wanted } from './call-pickup.ts'
export * from './callback/index.ts'
export * from './queue/index.ts'
export * from './voicemail/index.ts'
