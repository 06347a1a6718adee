// `reload`, SIGHUP and `PUT /v1/agent/reload`: the files are read again, and what can change without a restart does.
import type { AgentConfig } from '../config/agent-config.ts'
import { reloadConfig, type ConfigHost } from '../config/load.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Logger } from './log.ts'

/** What a reload needs. */
export interface ReloadOptions {
  readonly host: ConfigHost
  /** The configuration in force. */
  readonly running: AgentConfig
  /** Puts a configuration in force whose reloadable parts have changed. */
  readonly apply: (next: AgentConfig) => void
  readonly log: Logger
}

/** What a reload applies; everything else waits for a restart. */
const reloadable: readonly string[] = [
  'log.level',
  'dns.',
  'nodeMeta.',
  'services',
  'checkDefinitions',
  'checks.',
  'definitionRules.',
  'watches',
  'telemetry.prefixFilter',
  'telemetry.filterDefault',
  'limits.rpcRate',
  'limits.rpcBurstMax',
  'limits.httpConnectionsPerClientMax',
  'discoveryMaxStaleMs',
  'configEntries',
  'disableRemoteExec',
]
/** The zones belong to the listeners. */
const fixed: ReadonlySet<string> = new Set(['dns.domain', 'dns.altDomain'])
/** Parts of a configuration that are no settings. */
const ignored: ReadonlySet<string> = new Set(['warnings', 'args', 'files'])

/** Reads the configuration again. On refusal nothing has changed; the error holds every problem. */
export async function reload(options: ReloadOptions): Promise<Result<void, RequestError>> {
  const { host, running, apply, log } = options
  const loaded = await reloadConfig(running, host)
  if (!loaded.ok) {
    const problems = loaded.error.map(({ source, message }) => `${source}: ${message}`).join('; ')
    log.error('Reload refused; the configuration in force stays', { problems })
    return err(requestError('internal', `Cannot reload the configuration: ${problems}`))
  }
  const next = loaded.value
  for (const warning of next.warnings) log.warn(warning)
  const changed = changedSettings(running, next)
  const waiting = changed.filter((path) => !isReloadable(path))
  apply(withReloadable(running, next))
  log.info('Configuration reloaded', { applied: changed.filter(isReloadable) })
  if (waiting.length > 0) log.warn('Some changes need a restart of the agent', { settings: waiting })
  return ok(undefined)
}

function isReloadable(path: string): boolean {
  if (fixed.has(path)) return false
  return reloadable.some((prefix) => (prefix.endsWith('.') ? path.startsWith(prefix) : path === prefix))
}

/** The running configuration with those parts of the next one that a reload applies. */
function withReloadable(running: AgentConfig, next: AgentConfig): AgentConfig {
  const { rpcRate, rpcBurstMax, httpConnectionsPerClientMax } = next.limits
  const { domain, altDomain } = running.dns
  const { prefixFilter, filterDefault } = next.telemetry
  return {
    ...running,
    log: { ...running.log, level: next.log.level },
    dns: { ...next.dns, domain, altDomain },
    nodeMeta: next.nodeMeta,
    services: next.services,
    checkDefinitions: next.checkDefinitions,
    definitionRules: next.definitionRules,
    watches: next.watches,
    telemetry: { ...running.telemetry, prefixFilter, filterDefault },
    checks: next.checks,
    limits: { ...running.limits, rpcRate, rpcBurstMax, httpConnectionsPerClientMax },
    discoveryMaxStaleMs: next.discoveryMaxStaleMs,
    configEntries: next.configEntries,
    disableRemoteExec: next.disableRemoteExec,
  }
}

/** Paths of the settings that differ, under the names of AgentConfig. */
function changedSettings(before: AgentConfig, after: AgentConfig): readonly string[] {
  const [old, now] = [leavesOf(before), leavesOf(after)]
  return [...new Set([...old.keys(), ...now.keys()])].filter((path) => old.get(path) !== now.get(path))
}

function leavesOf(config: AgentConfig): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  const visit = (path: string, value: unknown): void => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      leaves.set(path, value === Infinity ? 'Infinity' : JSON.stringify(value))
      return
    }
    for (const [key, inner] of Object.entries(value)) visit(path === '' ? key : `${path}.${key}`, inner)
  }
  for (const [key, value] of Object.entries(config)) if (!ignored.has(key)) visit(key, value)
  return leaves
}
