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

/** Joins a pool through some addresses. `failures` are sentences, one per address that did not work. */
export async function joinAddresses(
  host: Pick<Host, 'names'>,
  pool: GossipPool,
  texts: readonly string[],
  defaultPort: number,
): Promise<{ readonly contacted: number; readonly failures: readonly string[] }> {
  const resolved = await Promise.all(texts.map((text) => resolveAddress(host, text, defaultPort)))
  const failures = resolved.flatMap((r) => (r.ok ? [] : [r.error]))
  const addresses = resolved.flatMap((r) => (r.ok ? r.value : []))
  if (addresses.length === 0) return { contacted: 0, failures }
  const outcome = await pool.join(addresses)
  const refused = outcome.failures.map((f) => `Failed to join ${formatAddress(f.address)}: ${f.reason}`)
  return { contacted: outcome.contacted, failures: [...failures, ...refused] }
}

/** What a lasting join is made of. */
export interface LastingJoin {
  readonly host: Pick<Host, 'names' | 'clock'>
  readonly pool: GossipPool
  readonly config: JoinConfig
  readonly defaultPort: number
  readonly log: Logger
  readonly signal: AbortSignal
}

/** The first attempts come quickly: agents of one rollout start within seconds of each other. */
const firstDelayMs = 500

/**
 * Tries to join until one address answers (`-join`, `-retry-join`).
 * Resolves false when `attemptsMax` attempts have failed: the agent then stops, as the reference's does.
 */
export async function joinUntilDone(options: LastingJoin): Promise<boolean> {
  const { host, pool, config, log, signal } = options
  if (config.addresses.length === 0) return true
  for (let attempt = 1; !signal.aborted; attempt++) {
    const outcome = await joinAddresses(host, pool, config.addresses, options.defaultPort)
    if (signal.aborted) return true
    if (outcome.contacted > 0) {
      log.info('Join completed', { contacted: outcome.contacted })
      return true
    }
    const error = outcome.failures.join('; ')
    if (config.attemptsMax > 0 && attempt >= config.attemptsMax) {
      log.error('Cannot join: the last attempt failed', { attempts: attempt, error })
      return false
    }
    const delayMs = Math.min(config.intervalMs, firstDelayMs * 2 ** Math.min(attempt - 1, 10))
    log.warn('Join failed; will try again', { retry_in_ms: delayMs, error })
    await sleep(host.clock, delayMs, signal)
  }
  return true
}

/** Joins LAN servers into the WAN pool as they appear: each of them takes part there. */
export function createFloodJoin(
  clock: Clock,
  lan: ServerDirectory,
  wanMembers: () => Iterable<Member>,
  join: (address: Address) => Promise<unknown>,
): { consider(): void; stop(): void } {
  /** The whole list is looked at again this often: a join may have failed. */
  const repeatMs = 60_000
  let isStopped = false
  let disarm: (() => void) | null = null
  const inProgress = new Set<string>()

  const missing = (): readonly ServerInfo[] => {
    const present = new Set<string>()
    for (const member of wanMembers()) if (member.status !== 'failed') present.add(member.id)
    return lan
      .all()
      .filter((s) => s.wanPort > 0 && s.status === 'alive' && !present.has(s.id) && !inProgress.has(s.id))
  }
  const consider = (): void => {
    if (isStopped) return
    for (const server of missing()) {
      inProgress.add(server.id)
      void join({ ip: server.gossip.ip, port: server.wanPort }).finally(() => inProgress.delete(server.id))
    }
    disarm ??= clock.wakeAt(clock.nowMs() + repeatMs, () => {
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
