import type { MediaLeg } from '#media'
import type { Dialog, DialogState, Response } from '#sip'
import type { Taker } from './claim.ts'
import type { Party } from './leg.ts'
import { completedElsewhere } from './ringing.ts'

/** A station that answered an INVITE of ours, and so may take a claimed call. */
export class DialogTaker implements Taker {
  readonly party: Party
  readonly media: MediaLeg
  readonly #dialog: Dialog

  constructor(party: Party, media: MediaLeg, dialog: Dialog) {
    this.party = party
    this.media = media
    this.#dialog = dialog
  }

  /** Takes the session description of its 200. False when nothing was agreed. */
  async takeAnswer(response: Response): Promise<boolean> {
    return (await this.media.remoteAnswer(response.body.toString('utf8'))).ok
  }

  state(): DialogState {
    return this.#dialog.state()
  }

  confirm(): Dialog | undefined {
    return this.#dialog.ended ? undefined : this.#dialog
  }

  abandon(): void {
    this.#dialog.bye(completedElsewhere)
    this.media.close().catch(() => {})
  }
}
