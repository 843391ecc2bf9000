/**
 * The same text in one piece. V8 keeps a concatenation as a tree that holds all its parts, and a slice holds what it was cut from; keys and
 * tags that live long are copied out, or they would keep whole headers alive.
 */
export function flat(text: string): string {
  // Reading a string as a number makes V8 flatten it in place.
  Number(text)
  return text
}
