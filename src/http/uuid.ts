// UUIDs of sessions as the reference reads them: dashes may stand anywhere, but there may be no more than four.

/** Why a text is no UUID, in the reference's words; undefined if it is one. */
export function uuidProblem(text: string): string | undefined {
  if (utf8Length(text) !== 36) return 'UUID must be 36 characters'
  const hex = text.replaceAll('-', '')
  const dashes = text.length - hex.length
  if (dashes > 4) return `UUID should have maximum of 4 "-"; got ${dashes}`
  if (utf8Length(hex) % 2 !== 0) return 'Input (without hyphens) must be even length'
  const bad = /[^\da-f]/iu.exec(hex)?.[0]
  if (bad === undefined) return undefined
  const byte = new TextEncoder().encode(bad)[0] ?? 0
  const code = byte.toString(16).toUpperCase().padStart(4, '0')
  return `Invalid UUID: encoding/hex: invalid byte: U+${code} '${String.fromCharCode(byte)}'`
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length
}
