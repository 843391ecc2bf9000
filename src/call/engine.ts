import { isDirect, type MediaEngine, type MediaLeg } from '#media'
import type { Core } from './core.ts'

/** Media flow directly where every side may do so, else they are anchored on the server. */
export function engineFor(core: Pick<Core, 'anchored' | 'direct'>, direct: boolean): MediaEngine {
  return direct ? core.direct : core.anchored
}

/** The engine for another side of a session that is there: as its leg, where the other side may. */
export function engineLike(core: Pick<Core, 'anchored' | 'direct'>, leg: MediaLeg, mayBeDirect = true): MediaEngine {
  return engineFor(core, isDirect(leg) && mayBeDirect)
}
