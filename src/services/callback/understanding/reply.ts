/** Lines that begin what somebody else wrote before. */
const quoteHead =
  /^(?:on .{4,120} wrote:|am .{4,120} schrieb.{0,80}:|-{2,}\s*(?:original message|ursprüngliche nachricht|forwarded message).*|(?:from|von):\s.+@.+)$/i

/** What a person wrote anew: without quotes, the message below and the signature; at most 4,000 characters. */
export function freshText(body: string): string {
  const lines: string[] = []
  for (const line of body.replaceAll('\r\n', '\n').slice(0, 64_000).split('\n')) {
    if (line === '-- ' || line === '--' || quoteHead.test(line.trim())) break
    if (!/^\s*>/.test(line)) lines.push(line)
  }
  return lines
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
    .slice(0, 4_000)
}

const germanWords =
  /(?<![\p{L}])(?:bitte|rückruf|anrufen|zurückrufen|rufen|ich|mich|mir|und|der|die|das|uhr|morgen|heute|übermorgen|unter|möchte|kann|können|soll|guten|hallo|danke|grüße|nicht|ist|ein|eine|für|mit|von|jetzt|absagen|abbrechen|stornieren|storno)(?![\p{L}])/giu
const englishWords =
  /(?<![\p{L}])(?:please|call|back|me|my|the|and|tomorrow|today|hello|hi|thanks|can|could|would|like|have|with|from|is|a|for|at|to|on|you|want|now|in|cancel)(?![\p{L}])/giu

/** The language of a short text; `otherwise` where neither has more words in it. */
export function languageOf(text: string, otherwise: 'en' | 'de'): 'en' | 'de' {
  const german = (text.match(germanWords)?.length ?? 0) + (/[äöüß]/i.test(text) ? 1 : 0)
  const english = text.match(englishWords)?.length ?? 0
  return german === english ? otherwise : german > english ? 'de' : 'en'
}
