// Keys of the tables: parts joined so that order and prefixes follow the parts, whatever characters they hold.

/**
 * Lower case of ASCII letters alone. Names are compared this way; a full Unicode mapping would depend on the
 * engine's Unicode version, and servers on different runtimes must agree (DESIGN.md decision 3).
 */
export function fold(text: string): string {
  return /[A-Z]/.test(text) ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text
}

/** One part of a key with its end mark; two NULs cannot occur inside, since a part's own NUL becomes NUL 1. */
export function keyPart(part: string): string {
  return (part.includes('\0') ? part.replaceAll('\0', '\0\u0001') : part) + '\0\0'
}

/** The part at the beginning of a key, without its end mark. */
export function partOf(key: string): string {
  return key.slice(0, key.indexOf('\0\0')).replaceAll('\0\u0001', '\0')
}

const plain = /^[^A-Z\0]*$/

/** A key of folded names. */
export function foldedKey(...parts: readonly string[]): string {
  let key = ''
  // Hardly any part holds what must be looked at twice.
  for (const part of parts) key += plain.test(part) ? `${part}\0\0` : keyPart(fold(part))
  return key
}

/** A number (an index, or a time in ms) as text whose order is that of the numbers. */
export function orderedNumber(value: number): string {
  return value.toString().padStart(16, '0')
}

/** The number at the beginning of a key. */
export function numberOf(key: string): number {
  return Number(key.slice(0, 16))
}
