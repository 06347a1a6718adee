// Which history an index belongs to: of which cluster, since which restore.

/** An epoch. `cluster` is '' until the cluster has a name. */
export interface Epoch {
  readonly cluster: string
  readonly restoredIndex: number
}

/** Reads what an answer says. */
export function parseEpoch(text: string): Epoch {
  const at = text.lastIndexOf('-')
  const restoredIndex = Number(text.slice(at + 1))
  return { cluster: text.slice(0, Math.max(0, at)), restoredIndex }
}

/** As answers say it. */
export function formatEpoch({ cluster, restoredIndex }: Epoch): string {
  return `${cluster}-${restoredIndex}`
}

/**
 * What an answer's epoch is to the one that is known. `behind`: the server has not carried out a restore yet that is
 * known already.
 */
export function relationOf(known: Epoch, seen: Epoch): 'same' | 'restored' | 'behind' | 'elsewhere' {
  // A name that has only come later changes nothing.
  const isSame = known.cluster === seen.cluster || known.cluster === '' || seen.cluster === ''
  if (!isSame) return 'elsewhere'
  if (known.restoredIndex === seen.restoredIndex) return 'same'
  return seen.restoredIndex > known.restoredIndex ? 'restored' : 'behind'
}
