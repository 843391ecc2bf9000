import type { SpotlightActionData, SpotlightActionGroupData } from '@mantine/spotlight'

/** What of the palette's list a text finds: names that hold it come first, then descriptions that do. */
export function matching(text: string, groups: readonly SpotlightActionGroupData[]): SpotlightActionGroupData[] {
  const wanted = text.trim().toLowerCase()
  const named = (action: SpotlightActionData) => holds(action.label, wanted)
  const described = (action: SpotlightActionData) => !named(action) && holds(action.description, wanted)
  const found = new Map<string, SpotlightActionData[]>()
  for (const fits of [named, described])
    for (const { group, actions } of groups) {
      const those = actions.filter(fits)
      if (those.length > 0) found.set(group, [...(found.get(group) ?? []), ...those])
    }
  return [...found].map(([group, actions]) => ({ group, actions }))
}

function holds(text: string | undefined, wanted: string): boolean {
  return text?.toLowerCase().includes(wanted) ?? false
}
