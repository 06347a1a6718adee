// Finding others: names to addresses, joins that are tried again, and the flood of LAN servers into the WAN.
import ipaddr from 'ipaddr.js'
import type { Member } from '../gossip/events.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { formatAddress, type Address } from '../model/address.ts'
import type { JoinConfig } from '../config/agent-config.ts'
import type { Clock, Host } from '../runtime/host.ts'
import type { GossipPool } from './gossip-pool.ts'
import type { Logger } from './log.ts'
import type { ServerDirectory, ServerInfo } from './servers.ts'
import { sleep } from './sleep.ts'

/** Splits `host`, `host:port`, `[v6]:port`, `v6`; undefined if it is none of them. */
export function splitHostPort(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text)
  if (bracketed !== null) return withPort(bracketed[1] ?? '', bracketed[2], defaultPort)
  if (ipaddr.isValid(text)) return { host: text, port: defaultPort }
  const named = /^([^:\s]+)(?::(\d+))?$/.exec(text)
  return named === null ? undefined : withPort(named[1] ?? '', named[2], defaultPort)
}

function withPort(
  host: string,
  port: string | undefined,
  defaultPort: number,
): { host: string; port: number } | undefined {
  const number = port === undefined ? defaultPort : Number(port)
  return number >= 1 && number <= 65_535 ? { host, port: number } : undefined
}

/** All socket addresses that a text stands for; the error is a sentence part. */
export async function resolveAddress(
  host: Pick<Host, 'names'>,
  text: string,
  defaultPort: number,
): Promise<Result<readonly Address[], string>> {
  const split = splitHostPort(text.trim(), defaultPort)
  if (split === undefined) return err(`"${text}" is no address; use host, host:port or [ipv6]:port`)
  if (ipaddr.isValid(split.host)) return ok([{ ip: ipaddr.parse(split.host).toString(), port: split.port }])
  let ips: readonly string[]
  try {
    ips = await host.names.lookup(split.host)
  } catch (error) {
    return err(`cannot look up "${split.host}": ${error instanceof Error ? error.message : String(error)}`)
  }
  if (ips.length === 0) return err(`no address is known for the name "${split.host}"`)
  return ok(ips.map((ip) => ({ ip, port: split.port })))
}

/** What became of an attempt to join. */
export interface JoinReport {
  readonly contacted: number
  /** Sentences, one per address that did not work. */
  readonly failures: readonly string[]
  /** True if a member answered and turned us down. */
  readonly isRefused: boolean
}

/** Joins a pool through some addresses. */
export async function joinAddresses(
  host: Pick<Host, 'names'>,
  pool: GossipPool,
  texts: readonly string[],
  defaultPort: number,
): Promise<JoinReport> {
  const resolved = await Promise.all(texts.map((text) => resolveAddress(host, text, defaultPort)))
  const failures = resolved.flatMap((r) => (r.ok ? [] : [r.error]))
  const addresses = resolved.flatMap((r) => (r.ok ? r.value : []))
  if (addresses.length === 0) return { contacted: 0, failures, isRefused: false }
  const outcome = await pool.join(addresses)
  const refused = outcome.failures.map((f) => `Failed to join ${formatAddress(f.address)}: ${f.reason}`)
  return {
    contacted: outcome.contacted,
    failures: [...failures, ...refused],
    isRefused: outcome.failures.some((f) => f.isRefusal),
  }
}

/** What a lasting join is made of. */
export interface LastingJoin {
  readonly host: Pick<Host, 'names' | 'clock' | 'console'>
  readonly pool: GossipPool
  readonly config: JoinConfig
  readonly defaultPort: number
  readonly log: Logger
  readonly signal: AbortSignal
}

/**
 * A refusal that lasts so long is final. Until then it may end by itself: a node that was replaced under its name
 * is first found to have failed, and then keeps the name reserved for a while.
 */
const refusedMsMax = 50_000

/** The first attempts come quickly: agents of one rollout start within seconds of each other. */
const firstDelayMs = 500

/**
 * Tries to join until one address answers (`-join`, `-retry-join`).
 * Resolves false when `attemptsMax` attempts have failed, or when the cluster goes on refusing this agent: it then
 * stops, with the last reason in the log and on standard error.
 */
export async function joinUntilDone(options: LastingJoin): Promise<boolean> {
  const { host, pool, config, log, signal } = options
  if (config.addresses.length === 0) return true
  let refusedSinceMs: number | null = null
  for (let attempt = 1; !signal.aborted; attempt++) {
    const outcome = await joinAddresses(host, pool, config.addresses, options.defaultPort)
    if (signal.aborted) return true
    if (outcome.contacted > 0) {
      log.info('Join completed', { contacted: outcome.contacted })
      return true
    }
    const nowMs = host.clock.nowMs()
    refusedSinceMs = outcome.isRefused ? (refusedSinceMs ?? nowMs) : null
    const isFinal = refusedSinceMs !== null && nowMs - refusedSinceMs >= refusedMsMax
    const error = outcome.failures.join('; ')
    if (isFinal || (config.attemptsMax > 0 && attempt >= config.attemptsMax)) {
      log.error('Cannot join the cluster; stopping', { attempts: attempt, error })
      const way =
        'name a running agent of this datacenter with -retry-join, and give each agent a name of its own'
      host.console.err(`Cannot join the cluster in ${attempt} attempts: ${error}; ${way}\n`)
      return false
    }
    const delayMs = Math.min(config.intervalMs, firstDelayMs * 2 ** Math.min(attempt - 1, 4))
    log.warn('Join failed; will try again', { retry_in_ms: delayMs, error })
    await sleep(host.clock, delayMs, signal)
  }
  return true
}

/** What finding the members of the last run again is made of. */
export interface Rejoin {
  readonly clock: Clock
  readonly pool: GossipPool
  readonly addresses: readonly Address[]
  readonly log: Logger
  readonly signal: AbortSignal
}

/** Pauses between attempts to find the members of the last run; the last one goes on. */
const rejoinPausesMs: readonly number[] = [1000, 2000, 5000, 10_000, 30_000]

/** Tries the members of the last run until one answers or somebody has found us: all may be starting at this moment. */
export async function rejoin(options: Rejoin): Promise<void> {
  const { clock, pool, addresses, log, signal } = options
  for (let attempt = 0; !signal.aborted && pool.machine.aliveCount <= 1; attempt++) {
    const { contacted } = await pool.join(addresses)
    if (signal.aborted) return
    if (contacted > 0) {
      log.info('Re-joined to previously known members', { contacted })
      return
    }
    if (attempt === 0) log.warn('No previously known member answers yet', { tried: addresses.length })
    const pauseMs = rejoinPausesMs[Math.min(attempt, rejoinPausesMs.length - 1)] ?? 0
    await sleep(clock, pauseMs, signal)
  }
}

/** All LAN servers are looked at again this often: a join may have failed. */
const floodRepeatMs = 60_000
/** A server is tried at most this often, however much happens in the LAN pool. */
const floodPauseMs = 10_000

/** Joins LAN servers into the WAN pool as they appear: each of them takes part there. */
export function createFloodJoin(
  clock: Clock,
  lan: ServerDirectory,
  wanMembers: () => Iterable<Member>,
  join: (address: Address) => Promise<unknown>,
): { consider(): void; stop(): void } {
  let isStopped = false
  let disarm: (() => void) | null = null
  /** By server, when it may be tried next. */
  const notBeforeMs = new Map<string, number>()

  const missing = (): readonly ServerInfo[] => {
    const present = new Set<string>()
    for (const member of wanMembers()) if (member.status !== 'failed') present.add(member.id)
    return lan.all().filter((s) => s.wanPort > 0 && s.status === 'alive' && !present.has(s.id))
  }
  const consider = (): void => {
    if (isStopped) return
    const nowMs = clock.nowMs()
    for (const [id, untilMs] of notBeforeMs) if (untilMs <= nowMs) notBeforeMs.delete(id)
    for (const server of missing()) {
      if (notBeforeMs.has(server.id)) continue
      notBeforeMs.set(server.id, nowMs + floodPauseMs)
      void join({ ip: server.gossip.ip, port: server.wanPort })
    }
    disarm ??= clock.wakeAt(nowMs + floodRepeatMs, () => {
      disarm = null
      consider()
    })
  }
  return {
    consider,
    stop() {
      isStopped = true
      disarm?.()
    },
  }
}
