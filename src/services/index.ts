export * from './callback/index.ts'
export { CallPickup, type PickupElsewhere, type PickupWay, type Wanted } from './call-pickup.ts'
