// Which news about a member wins: a total order, so that all members end with the same whatever comes first.

/** What is believed of a member. `left` is dead by its own or an operator's word. */
export type Liveness = 'alive' | 'suspect' | 'dead' | 'left'

/** The part of news that decides. */
export interface Claim {
  readonly incarnation: number
  readonly liveness: Liveness
}

/**
 * Nobody may be suspected beyond this incarnation: it is below the highest, 2^32-1, so that a member can always go
 * above it, to refute or to change its tags.
 */
export const suspectIncarnationMax = 0xfffe_ffff

const rank: Readonly<Record<Liveness, number>> = { alive: 0, suspect: 1, dead: 2, left: 3 }

/**
 * Decides whether news replaces what is known of a member.
 *
 * SWIM 4.2: a higher incarnation wins; at equal incarnation dead > suspect > alive. Departures (DESIGN.md
 * decision 1): dead does not win over a higher incarnation, and `left` ranks above dead.
 *
 * @param claim news, decoded and within limits
 * @param known what is held, or undefined for a member never heard of
 * @returns true if the news must be stored and passed on
 * Bounds: O(1). Errors: none; total over all inputs. State: not touched.
 */
export function supersedes(claim: Claim, known: Claim | undefined): boolean {
  if (known === undefined) return true
  if (claim.incarnation !== known.incarnation) return claim.incarnation > known.incarnation
  return rank[claim.liveness] > rank[known.liveness]
}
