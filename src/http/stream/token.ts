// The token of a stream: up to where each watch was told. It means something only with the same list of watches.
import { type Epoch, formatEpoch, parseEpoch } from './epoch.ts'

/** Where a stream stands. */
export interface Position {
  readonly epoch: Epoch
  /** For each watch the index up to which everything was told; 0: nothing was. */
  readonly indexes: readonly number[]
}

/** The token of a position. `list` tells lists of watches apart. */
export function formatToken({ epoch, indexes }: Position, list: string): string {
  return `${formatEpoch(epoch)}.${list}.${indexes.map((index) => index.toString(36)).join('.')}`
}

/** Reads a token; null if it is none. */
export function parseToken(token: string): (Position & { readonly list: string }) | null {
  const match = /^([0-9a-f]*-\d{1,16})\.([0-9a-f]{8})\.([0-9a-z.]+)$/.exec(token)
  const [, epoch, list, rest] = match ?? []
  if (epoch === undefined || list === undefined || rest === undefined) return null
  const indexes = rest.split('.').map((text) => (/^[0-9a-z]{1,11}$/.test(text) ? parseInt(text, 36) : NaN))
  return indexes.every(Number.isSafeInteger) ? { epoch: parseEpoch(epoch), list, indexes } : null
}
