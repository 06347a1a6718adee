// Clients that ask how old stale answers are: one writer counts upwards in a key, readers read it with `stale` and with
// `max_stale`. An answer must hold every count that was acknowledged before the age that it tells, or may have.
import type { Random } from '../../src/lib/random.ts'
import { Crew, problemOf } from './crew.ts'
import { fateOf, parsed, type Port } from './port.ts'

const timeoutMs = 8000

/** What an answer's age is measured with: milliseconds are whole in the header, and clocks drift a little. */
const roundingMs = 2
const driftPerMille = 3

/** What the clients are given. */
export interface AgeClientsOptions {
  readonly port: Port
  readonly random: Random
  readonly readers: number
  readonly pauseMsMax: number
  readonly onProblem: (problem: string) => void
}

/** A writer and its readers at work until `stop`. */
export class AgeClients extends Crew {
  readonly #options: AgeClientsOptions
  readonly #key = 'lin/age'
  /** When each count was acknowledged; counts of unknown outcome are not in it. */
  readonly #acknowledged: { readonly count: number; readonly at: number }[] = []
  /** Stale answers that were checked, and the greatest age that one told. */
  reads = 0
  oldestMs = 0

  constructor(options: AgeClientsOptions) {
    super((error) => options.onProblem(problemOf(error)))
    this.#options = options
    this.launch(this.#write())
    for (let i = 0; i < options.readers; i++) this.launch(this.#read(`r${i}`))
  }

  /** Counts by compare-and-set: a step of unknown outcome that comes late must not set the count back. */
  async #write(): Promise<void> {
    const { port, pauseMsMax } = this.#options
    const random = this.#options.random.fork('age writer')
    let known: { readonly count: number; readonly index: number } | null = null
    while (this.isOn) {
      const target = random.pick(port.targets)
      if (target === undefined) return
      if (known === null) known = await this.#learn(target)
      else {
        const count: number = known.count + 1
        const path = `/v1/kv/${this.#key}?cas=${known.index}`
        const answer = await port.send(target, { method: 'PUT', path, body: `${count}`, timeoutMs })
        port.note(target, `count ${count}`, answer)
        const isDone = fateOf(answer) === 'answered' && answer.body.trim() === 'true'
        if (isDone) this.#acknowledged.push({ count, at: port.now() })
        known = null
      }
      await port.pause(random.between(1, pauseMsMax))
    }
  }

  /** The count as a quorum knows it, or null. */
  async #learn(target: string): Promise<{ readonly count: number; readonly index: number } | null> {
    const answer = await this.#options.port.send(target, {
      path: `/v1/kv/${this.#key}?consistent`,
      timeoutMs,
    })
    if (answer.status === 404) return { count: 0, index: 0 }
    return answer.status === 200 ? entryOf(answer.body) : null
  }

  async #read(name: string): Promise<void> {
    const { port, pauseMsMax } = this.#options
    const random = this.#options.random.fork(`age ${name}`)
    while (this.isOn) {
      const target = random.pick(port.targets)
      if (target === undefined) return
      const maxMs = random.chance(500) ? random.pick([50, 200, 1000, 5000]) : undefined
      const query = maxMs === undefined ? '?stale' : `?max_stale=${maxMs}ms`
      const calledAt = port.now()
      const answer = await port.send(target, { path: `/v1/kv/${this.#key}${query}`, timeoutMs })
      port.note(target, `age ${query}`, answer)
      if (answer.status === 200 || answer.status === 404) {
        const found = answer.status === 404 ? 0 : entryOf(answer.body).count
        const toldMs = Number(answer.header('x-consul-lastcontact') || 0)
        this.#check({ target, query, calledAt, found, toldMs, maxMs: Math.min(toldMs, maxMs ?? toldMs) })
      }
      await port.pause(random.between(1, pauseMsMax))
    }
  }

  #check({ target, query, calledAt, found, toldMs, maxMs }: Seen): void {
    this.reads++
    this.oldestMs = Math.max(this.oldestMs, toldMs)
    const sinceAt = calledAt - (maxMs * (1000 + driftPerMille)) / 1000 - roundingMs
    const must = this.#acknowledged.findLast(({ at }) => at < sinceAt)
    if (must === undefined || found >= must.count) return
    const age = Math.round(calledAt - must.at)
    this.#options.onProblem(
      `tooOld: ${target} answered ${query} at ${calledAt.toFixed(1)} with ${found} and a last contact ${toldMs} ms ago, ` +
        `but ${must.count} was acknowledged ${age} ms before the question`,
    )
  }
}

interface Seen {
  readonly target: string
  readonly query: string
  readonly calledAt: number
  readonly found: number
  readonly toldMs: number
  /** How old the answer may be. */
  readonly maxMs: number
}

function entryOf(body: string): { readonly count: number; readonly index: number } {
  const [entry] = parsed(body) as readonly { readonly Value: string; readonly ModifyIndex: number }[]
  return { count: Number(atob(entry?.Value ?? '')), index: entry?.ModifyIndex ?? 0 }
}
