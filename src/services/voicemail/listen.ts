import type { HeldLeg } from '#call'
import type { Person } from '#directory'
import {
  type PromptLanguage,
  type Prompts,
  promptLanguages,
  readWav,
  type SpokenPart,
  sayKeys,
  sayNumber,
} from '#media'
import type { VoicemailRow } from '#storage'
import { keyDuring } from './keys.ts'
import type { Mailboxes } from './mailboxes.ts'

/** How long a key is waited for after the menu, in ms. */
const keyMs = 8_000
/** So many messages are played in one call. */
const mostPlayed = 100

/**
 * Somebody hears their messages on the telephone: first the new ones in the order in which they came, then those heard before.
 *
 *   phone          server
 *     |--INVITE *97-->|
 *     |<---200--------|
 *     |<==============|   "You have two new messages."
 *     |<==============|   "Message one, from 1 0 1", the message, "To hear it again, press 1. …"
 *     |==1===========>|   again
 *     |==2===========>|   the next one
 *     |==3===========>|   deletes it
 *     |===#==========>|   the end
 */
export async function listen(held: HeldLeg, person: Person, mailboxes: Mailboxes, prompts: Pick<Prompts, 'say'>) {
  const language: PromptLanguage = promptLanguages.find((known) => known === person.settings.language) ?? 'en'
  const say = async (...parts: SpokenPart[]): Promise<string> => keyDuring(held, await prompts.say(language, parts), 0)
  const owners = mailboxes.heardBy(person).map(({ id }) => id)
  const { messages } = await mailboxes.list(owners, undefined, mostPlayed)
  const fresh = messages.filter(({ heardAt }) => heardAt === null).reverse()
  const heard = messages.filter(({ heardAt }) => heardAt !== null)
  if (fresh.length === 0) await say('no-messages')
  else if (fresh.length === 1) await say('you-have', 'one-new-message')
  else await say('you-have', ...sayNumber(fresh.length, language), 'new-messages')
  for (const [index, message] of [...fresh, ...heard].entries()) {
    const intro: SpokenPart[] = ['message-number', ...sayNumber(index + 1, language), ...callerOf(message)]
    if ((await play(message, intro)) === 'end') break
  }
  await held.say(await prompts.say(language, ['no-more-messages', 'goodbye']))

  async function play(message: VoicemailRow, intro: SpokenPart[]): Promise<'next' | 'end'> {
    const wav = await mailboxes.audio(message.id)
    // Deleted from the desk meanwhile, or on another server.
    if (!wav) return 'next'
    const sound = await prompts.say(language, [...intro, readWav(wav) as never])
    for (;;) {
      const during = await keyDuring(held, sound, 0)
      await mailboxes.heard(message, true)
      const key = during || (await keyDuring(held, await prompts.say(language, ['message-menu']), keyMs))
      if (key === '#' || key === '*') return 'end'
      if (key === '3') {
        await mailboxes.remove(message)
        await say('message-deleted')
        return 'next'
      }
      if (key === '2' || key === '') return 'next'
      if (key !== '1') await say('unknown-key')
    }
  }
}

function callerOf({ callerNumber }: VoicemailRow): SpokenPart[] {
  const keys = sayKeys(callerNumber)
  return keys.length === 0 ? ['from-unknown'] : ['message-from', ...keys]
}
