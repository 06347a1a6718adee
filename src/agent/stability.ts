// Since when each server has been as healthy, or as ill, as it is: what the leader has seen of them over time.

interface Standing {
  readonly isHealthy: boolean
  readonly sinceMs: number
  readonly sinceWallMs: number
}

/** The health of servers over time. */
export class Stability {
  readonly #standings = new Map<string, Standing>()

  /** Forgets everything: another leader has looked meanwhile. */
  clear(): void {
    this.#standings.clear()
  }

  /** Takes in how all servers are now; those that are not among them are forgotten. */
  observe(healthById: ReadonlyMap<string, boolean>, nowMs: number, wallMs: number): void {
    for (const id of this.#standings.keys()) if (!healthById.has(id)) this.#standings.delete(id)
    for (const [id, isHealthy] of healthById) {
      if (this.#standings.get(id)?.isHealthy === isHealthy) continue
      this.#standings.set(id, { isHealthy, sinceMs: nowMs, sinceWallMs: wallMs })
    }
  }

  /** How long a server has been healthy without a break; null if it is not. */
  healthyMs(id: string, nowMs: number): number | null {
    const standing = this.#standings.get(id)
    return standing?.isHealthy === true ? nowMs - standing.sinceMs : null
  }

  /** When a server became as it is, by the wall clock; null if it has not been looked at. */
  sinceWallMs(id: string): number | null {
    return this.#standings.get(id)?.sinceWallMs ?? null
  }
}
