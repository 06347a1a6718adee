// Clients that take locks with sessions of their own, and renew, release, end or forget them.
import type { Random } from '../../src/lib/random.ts'
import { Crew, problemOf } from './crew.ts'
import type { HistoryRecorder } from './history.ts'
import { carryOut } from './kv-clients.ts'
import type { KvInput, KvOutput } from './kv-operations.ts'
import { fateOf, parsed, type Answer, type Port } from './port.ts'
import type { SessionRecord } from './sessions.ts'

const timeoutMs = 8000

/** What clients are at work on. */
export interface LockClientsOptions {
  readonly port: Port
  readonly random: Random
  readonly history: HistoryRecorder<KvInput, KvOutput>
  readonly clients: number
  readonly keys: number
  readonly ttlMs: number
  readonly pauseMsMax: number
  readonly onProblem: (problem: string) => void
  /** Part of the keys' names: a new one now and then keeps what must be searched short. */
  readonly epoch?: () => string
}

/** Clients at work until `stop`. */
export class LockClients extends Crew {
  readonly sessions: SessionRecord[] = []
  readonly #options: LockClientsOptions

  constructor(options: LockClientsOptions) {
    super((error) => options.onProblem(problemOf(error)))
    this.#options = options
    for (let i = 0; i < options.clients; i++) this.launch(this.#run(`l${i}`))
  }

  async #run(client: string): Promise<void> {
    const { port } = this.#options
    const random = this.#options.random.fork(client)
    let n = 0
    while (this.isOn) {
      const session = await this.#create(client, random)
      const rounds = random.between(1, 4)
      for (let round = 0; session !== null && this.isOn && round < rounds; round++) {
        n++
        const isOver = await this.#tryLock(random, { client, session, n })
        if (isOver) break
      }
      // A third of the sessions is ended, the others are forgotten: their time runs out.
      if (session !== null && session.destroyAt === Infinity && random.chance(330)) {
        await this.#destroy(random, session)
      }
      await port.pause(random.between(1, this.#options.pauseMsMax))
    }
  }

  /** One attempt on a key, and what the holder does then; true if the session is of no more use. */
  async #tryLock(random: Random, { client, session, n }: Attempt): Promise<boolean> {
    const { port, keys, pauseMsMax, epoch } = this.#options
    const key = `lin/lock/${epoch?.() ?? ''}${random.below(keys)}`
    const own = { group: key, key, session: session.id }
    const who = (): { readonly client: string; readonly target: string; readonly mode: string } => ({
      client,
      target: random.pick(port.targets) ?? '',
      mode: random.chance(500) ? 'consistent' : '',
    })
    const { outcome, answer } = await carryOut(this.#options, who(), {
      ...own,
      kind: 'acquire',
      value: `${client}-${n}`,
    })
    if (this.#isGone(session, answer)) return true
    const isHeld = outcome.kind === 'answered' && outcome.output.kind === 'decided' && outcome.output.applied
    if (!isHeld) {
      await carryOut(this.#options, who(), { group: key, kind: 'get', key })
      await port.pause(random.between(1, 2 * pauseMsMax))
      return false
    }
    for (let i = random.below(4); i > 0 && this.isOn; i--) {
      await port.pause(random.between(1, pauseMsMax))
      if (random.chance(500)) await this.#renew(random, session)
      else await carryOut(this.#options, who(), { group: key, kind: 'get', key })
    }
    const draw = random.below(100)
    if (draw < 40) {
      await carryOut(this.#options, who(), { ...own, kind: 'release', value: `${client}-${n}r` })
      return false
    }
    if (draw < 60) {
      await this.#destroy(random, session)
      return true
    }
    // Others come back to a lock that they hold, or just leave it.
    return draw < 80
  }

  async #create(client: string, random: Random): Promise<SessionRecord | null> {
    const { port, ttlMs } = this.#options
    const lockDelayMs = random.pick([0, 1000, 3000]) ?? 0
    const behavior = random.chance(700) ? 'release' : 'delete'
    const body = JSON.stringify({
      Name: client,
      TTL: `${ttlMs}ms`,
      LockDelay: `${lockDelayMs}ms`,
      Behavior: behavior,
      NodeChecks: [],
    })
    const target = random.pick(port.targets) ?? ''
    const aliveAt = port.now()
    const answer = await port.send(target, { method: 'PUT', path: '/v1/session/create', body, timeoutMs })
    port.note(target, `${client} creates a session`, answer)
    if (answer.status !== 200) {
      await port.pause(random.between(1, 500))
      return null
    }
    const { ID: id } = parsed(answer.body) as { readonly ID: string }
    const record: SessionRecord = {
      id,
      client,
      ttlMs,
      lockDelayMs,
      behavior,
      aliveAt,
      destroyAt: Infinity,
      endedAt: Infinity,
    }
    this.sessions.push(record)
    return record
  }

  async #renew(random: Random, session: SessionRecord): Promise<void> {
    const { port } = this.#options
    const target = random.pick(port.targets) ?? ''
    const calledAt = port.now()
    const path = `/v1/session/renew/${session.id}`
    const answer = await port.send(target, { method: 'PUT', path, timeoutMs })
    port.note(target, `${session.client} renews ${session.id.slice(-4)}`, answer)
    if (answer.status === 200) session.aliveAt = Math.max(session.aliveAt, calledAt)
  }

  async #destroy(random: Random, session: SessionRecord): Promise<void> {
    const { port } = this.#options
    const target = random.pick(port.targets) ?? ''
    session.destroyAt = Math.min(session.destroyAt, port.now())
    const path = `/v1/session/destroy/${session.id}`
    const answer = await port.send(target, { method: 'PUT', path, timeoutMs })
    port.note(target, `${session.client} ends ${session.id.slice(-4)}`, answer)
    if (fateOf(answer) === 'answered') session.endedAt = Math.min(session.endedAt, port.now())
    if (fateOf(answer) === 'failed') session.destroyAt = Infinity
  }

  /** The log's word that a session has ended; a renewal that is refused may come before the end. */
  #isGone(session: SessionRecord, answer: Answer): boolean {
    const isGone = answer.body.includes('invalid session')
    if (isGone) session.endedAt = Math.min(session.endedAt, this.#options.port.now())
    return isGone
  }
}

interface Attempt {
  readonly client: string
  readonly session: SessionRecord
  readonly n: number
}
