// The first configuration of a cluster: `-bootstrap-expect N` waits for N servers and then starts Raft on each.
// All of them must start with the same set, or entry 1 of their logs would differ: each server of a set promises
// to be started with no other, and a server starts only while all those promises hold (DESIGN.md decision 1).
import { formatAddress } from '../model/address.ts'
import type { RpcReply, RpcRequest } from '../model/rpc.ts'
import type { Configuration } from '../raft/message.ts'
import type { Clock } from '../runtime/host.ts'
import type { Logger } from './log.ts'
import type { ServerInfo } from './servers.ts'
import { sleep } from './sleep.ts'

/** What the bootstrap needs to know and to do. */
export interface BootstrapOptions {
  readonly clock: Clock
  readonly self: () => ServerInfo
  readonly expect: number
  /** Servers of our datacenter, ourselves left out. */
  readonly others: () => readonly ServerInfo[]
  /** True once there is a log, a snapshot or a configuration: then there is nothing to start any more. */
  readonly hasState: () => boolean
  readonly ask: (server: ServerInfo, request: RpcRequest, timeoutMs: number) => Promise<RpcReply>
  readonly start: (configuration: Configuration) => void
  readonly log: Logger
}

/** The bootstrap of one server. */
export interface Bootstrap {
  /** Call it whenever a server appears or changes. */
  consider(): void
  /** Answers another server's `bootstrapState`. */
  promise(servers: readonly string[]): RpcReply
  /** Tries no more. */
  stop(): void
}

/** A promise binds at least for so long, and then until nobody can have started that set. */
const promiseMs = 10_000
/** A set is started only this soon after the first promise was asked for: well before any of them ends. */
const startWithinMs = 4000
/** Servers that appear together are tried again this soon when their views still differ. */
const retryMs = 250

/** Watches for the moment to bootstrap. */
export function createBootstrap(options: BootstrapOptions): Bootstrap {
  return new Bootstrapping(options)
}

interface Promised {
  /** The ids, sorted, as one text. */
  readonly set: string
  readonly servers: readonly string[]
  readonly untilMs: number
}

class Bootstrapping implements Bootstrap {
  readonly #options: BootstrapOptions
  readonly #stopping = new AbortController()
  #promised: Promised | null = null
  #isReleasing = false
  #isAsking = false
  #isAgain = false
  #isOver: boolean

  constructor(options: BootstrapOptions) {
    this.#options = options
    this.#isOver = options.expect === 0
  }

  consider(): void {
    if (this.#isDone) return
    this.#isAgain = true
    if (this.#isAsking) return
    this.#isAsking = true
    void this.#run()
  }

  promise(servers: readonly string[]): RpcReply {
    return {
      kind: 'bootstrapState',
      hasState: this.#options.hasState(),
      granted: this.#promise(servers),
    }
  }

  stop(): void {
    this.#isOver = true
    this.#stopping.abort()
  }

  get #isDone(): boolean {
    return this.#isOver || this.#options.hasState()
  }

  async #run(): Promise<void> {
    do {
      this.#isAgain = false
      if (await this.#attempt()) {
        await sleep(this.#options.clock, retryMs, this.#stopping.signal)
        this.#isAgain = true
      }
    } while (this.#isAgain && !this.#isDone)
    this.#isAsking = false
  }

  /** One try; true if another one is worth it. */
  async #attempt(): Promise<boolean> {
    const { clock } = this.#options
    const set = chooseSet(this.#options)
    if (set === null) return false
    const servers = set.map((server) => server.id)
    const askedAtMs = clock.nowMs()
    if (!this.#promise(servers)) return true
    const verdict = await askAll(this.#options, servers, set)
    if (verdict === 'over') this.#isOver = true
    const isLate = clock.nowMs() - askedAtMs > startWithinMs
    // Meanwhile another set may have got our promise.
    const isBound = this.#promised?.set === keyOf(servers)
    if (verdict !== 'granted' || isLate || !isBound) return !this.#isOver
    if (!this.#isOver) this.#start(set)
    return false
  }

  #start(set: readonly ServerInfo[]): void {
    this.#isOver = true
    this.#options.log.info('Found the expected number of servers; bootstrapping', {
      servers: set.map((s) => formatAddress(s.rpc)),
    })
    this.#options.start({
      servers: set.map((s) => ({ id: s.id, address: formatAddress(s.rpc), suffrage: 'voter' as const })),
    })
  }

  /** Promises a set, unless another one has our promise that may have been started on its strength. */
  #promise(servers: readonly string[]): boolean {
    const { clock, expect, hasState } = this.#options
    const set = keyOf(servers)
    const held = this.#promised
    if (hasState() || servers.length !== expect) return false
    if (held !== null && held.set !== set && !this.#isFree(held, servers)) return false
    this.#promised = { set, servers, untilMs: clock.nowMs() + promiseMs }
    return true
  }

  /**
   * True if a promise binds no more. Those of its set that the new one has too speak for themselves when they are
   * asked for it; the others must be asked first, which takes until the next try.
   */
  #isFree(held: Promised, servers: readonly string[]): boolean {
    const { clock, self } = this.#options
    if (clock.nowMs() < held.untilMs) return false
    const dropped = held.servers.filter((id) => id !== self().id && !servers.includes(id))
    if (dropped.length === 0) return true
    if (!this.#isReleasing) {
      this.#isReleasing = true
      void this.#release(held, dropped, servers).finally(() => (this.#isReleasing = false))
    }
    return false
  }

  /**
   * Gives a promise up when none of these servers has been started or will be: each promises the new set itself, or
   * an operator has declared that it has left.
   */
  async #release(held: Promised, dropped: readonly string[], servers: readonly string[]): Promise<void> {
    const { ask, others, log } = this.#options
    const known = others().filter((server) => dropped.includes(server.id))
    const request: RpcRequest = { kind: 'bootstrapState', servers }
    const replies = await Promise.all(known.map((server) => ask(server, request, startWithinMs)))
    const states = replies.filter((reply) => reply.kind === 'bootstrapState')
    if (states.some((state) => state.hasState)) this.#isOver = true
    else if (states.length < known.length) {
      log.warn(
        'A server that may have started the cluster does not answer; if it is gone for good, force-leave it',
        {
          servers: known.map((server) => server.name),
        },
      )
    } else if (states.every((state) => state.granted) && this.#promised === held) this.#promised = null
  }
}

function keyOf(servers: readonly string[]): string {
  return servers.join(' ')
}

/** The N servers with the lowest ids, if we are among them and all agree on N; else null. Sorted by id. */
function chooseSet(options: BootstrapOptions): readonly ServerInfo[] | null {
  const present = [options.self(), ...options.others().filter((server) => server.status === 'alive')]
  const wrong = present.find((server) => server.expect !== options.expect || server.isBootstrap)
  if (wrong !== undefined) {
    options.log.error('Another server expects a different number of servers; not bootstrapping', {
      server: wrong.name,
      its_expect: wrong.isBootstrap ? 1 : wrong.expect,
      our_expect: options.expect,
    })
    return null
  }
  if (present.length < options.expect) return null
  const set = present.toSorted((a, b) => (a.id < b.id ? -1 : 1)).slice(0, options.expect)
  return set.some((server) => server.id === options.self().id) ? set : null
}

/** Asks the other servers of a set for their promise. `over`: one of them has state, so there is nothing to start. */
async function askAll(
  options: BootstrapOptions,
  servers: readonly string[],
  set: readonly ServerInfo[],
): Promise<'granted' | 'again' | 'over'> {
  const request: RpcRequest = { kind: 'bootstrapState', servers }
  const others = set.filter((server) => server.id !== options.self().id)
  const replies = await Promise.all(others.map((server) => options.ask(server, request, startWithinMs)))
  const states = replies.filter((reply) => reply.kind === 'bootstrapState')
  // A cluster exists, or another server of this very set was first: its leader will reach us.
  if (options.hasState() || states.some((state) => state.hasState)) return 'over'
  return states.length === others.length && states.every((state) => state.granted) ? 'granted' : 'again'
}
