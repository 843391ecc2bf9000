export * from './accounts.ts'
export { Attempts } from './attempts.ts'
export * from './contact.ts'
export * from './demo.ts'
export * from './devices-to-ring.ts'
export * from './directory.ts'
export * from './emergency.ts'
export * from './error.ts'
export * from './organisation.ts'
export { type PasswordCosts, PasswordsBusy } from './passwords.ts'
export * from './pickup.ts'
export { type RegistrationLimits, registrationDefaults } from './registration.ts'
export { digestSecrets } from './secrets.ts'
export {
  check,
  type DeviceInput,
  type GroupInput,
  type NumberInput,
  type PersonInput,
  type TrunkInput,
} from './settings.ts'
export { demoNumbers } from './trunks.ts'
export * from './types.ts'
export * from './watching.ts'
