// The first configuration of a cluster: `-bootstrap-expect N` waits for N servers and then starts Raft on each.
// All of them must start with the same set, or entry 1 of their logs would differ: each server of a set promises
// for a while to be started with no other, and a server starts only while all those promises hold.
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
}

/** How long a promise binds. */
const promiseMs = 10_000
/** A set is started only this soon after the first promise was asked for: well before any of them ends. */
const startWithinMs = 4000
/** Servers that appear together are tried again this soon when their views still differ. */
const retryMs = 250

/** Watches for the moment to bootstrap. */
export function createBootstrap(options: BootstrapOptions): Bootstrap {
  const { clock, log } = options
  let promised: { readonly set: string; readonly untilMs: number } | null = null
  let isAsking = false
  let isAgain = false
  let isOver = options.expect === 0

  const promise = (servers: readonly string[]): boolean => {
    const set = servers.join(' ')
    if (options.hasState() || (promised !== null && promised.set !== set && clock.nowMs() < promised.untilMs))
      return false
    promised = { set, untilMs: clock.nowMs() + promiseMs }
    return true
  }

  /** One try; true if another one is worth it. */
  const attempt = async (): Promise<boolean> => {
    const set = chooseSet(options)
    if (set === null) return false
    const servers = set.map((server) => server.id)
    const askedAtMs = clock.nowMs()
    if (!promise(servers)) return true
    const verdict = await askAll(options, servers, set)
    if (verdict === 'over') isOver = true
    const isLate = clock.nowMs() - askedAtMs > startWithinMs
    if (verdict !== 'granted' || isLate) return verdict !== 'over'
    isOver = true
    log.info('Found the expected number of servers; bootstrapping', {
      servers: set.map((s) => formatAddress(s.rpc)),
    })
    options.start({
      servers: set.map((s) => ({ id: s.id, address: formatAddress(s.rpc), suffrage: 'voter' as const })),
    })
    return false
  }

  const run = async (): Promise<void> => {
    do {
      isAgain = false
      if (await attempt()) {
        await sleep(clock, retryMs)
        isAgain = true
      }
    } while (isAgain && !isOver && !options.hasState())
    isAsking = false
  }
  return {
    consider() {
      if (isOver || options.hasState()) return
      isAgain = true
      if (isAsking) return
      isAsking = true
      void run()
    },
    promise: (servers) => ({
      kind: 'bootstrapState',
      hasState: options.hasState(),
      granted: promise(servers),
    }),
  }
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
