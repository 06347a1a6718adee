// Majorities of a configuration: votes, commit indexes, times. Pure arithmetic; learners never count.
import type { Configuration, ServerId } from './message.ts'

/** How a vote stands. */
export type VoteResult = 'won' | 'lost' | 'pending'

/** Ids of the servers that vote, in the configuration's order. */
export function voterIds(configuration: Configuration): readonly ServerId[] {
  return configuration.servers.filter((server) => server.suffrage === 'voter').map((server) => server.id)
}

/** True if the server is a voter of the configuration. */
export function isVoter(configuration: Configuration, id: ServerId): boolean {
  return configuration.servers.some((server) => server.id === id && server.suffrage === 'voter')
}

/** True if the server is the only voter: its own word is a majority. */
export function isSoleVoter(configuration: Configuration, id: ServerId): boolean {
  // Asked at every read: no list is made for it.
  let isFound = false
  for (const server of configuration.servers) {
    if (server.suffrage !== 'voter') continue
    if (server.id !== id) return false
    isFound = true
  }
  return isFound
}

/**
 * Counts a vote (paper 5.2: a majority of the servers in the full cluster for the same term).
 *
 * @param votes by server, true for granted; votes of servers that are not voters are ignored
 * Bounds: O(servers). Errors: none. Without voters the vote is lost.
 */
export function voteResult(configuration: Configuration, votes: ReadonlyMap<ServerId, boolean>): VoteResult {
  const voters = voterIds(configuration)
  const majority = Math.floor(voters.length / 2) + 1
  let granted = 0
  let refused = 0
  for (const id of voters) {
    const vote = votes.get(id)
    if (vote === true) granted += 1
    if (vote === false) refused += 1
  }
  if (voters.length > 0 && granted >= majority) return 'won'
  return refused > voters.length - majority ? 'lost' : 'pending'
}

/**
 * The largest value that a majority of the voters has reached (paper 5.3, 5.4: matchIndex of a majority).
 *
 * @param valueOf what a voter has reached
 * Bounds: O(n log n) for n voters. Errors: none; 0 without voters.
 */
export function quorumValue(configuration: Configuration, valueOf: (id: ServerId) => number): number {
  const values = voterIds(configuration)
    .map(valueOf)
    .toSorted((a, b) => b - a)
  return values[Math.floor(values.length / 2)] ?? 0
}
