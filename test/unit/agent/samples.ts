// Members and catalog readers for the agent's unit tests.
import type { CatalogReader } from '../../../src/agent/mirror-catalog.ts'
import type { Logger } from '../../../src/agent/log.ts'
import { createMetrics, type MetricsView } from '../../../src/agent/metrics.ts'
import type { TelemetrySettings } from '../../../src/config/agent-config.ts'
import type { Member } from '../../../src/gossip/events.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Command } from '../../../src/model/command.ts'
import type { Clock } from '../../../src/runtime/host.ts'
import { createState, type State } from '../../../src/state/state.ts'

/** A clock that stands still until it is told to go on. */
export class TestClock implements Clock {
  ms = 1000
  readonly #wakes = new Set<{ readonly atMs: number; readonly wake: () => void }>()

  nowMs = (): number => this.ms
  nowMicros = (): number => this.ms * 1000
  wallMs = (): number => this.ms

  wakeAt = (atMs: number, wake: () => void): (() => void) => {
    const entry = { atMs, wake }
    if (atMs < Infinity) this.#wakes.add(entry)
    return () => void this.#wakes.delete(entry)
  }

  soon = (task: () => void): void => queueMicrotask(task)

  /** Wake-ups that are armed. */
  get armed(): number {
    return this.#wakes.size
  }

  /** Lets time pass; what becomes due is called in order. */
  pass(ms: number): void {
    const untilMs = this.ms + ms
    for (;;) {
      const [next] = [...this.#wakes].sort((a, b) => a.atMs - b.atMs)
      if (next === undefined || next.atMs > untilMs) break
      this.#wakes.delete(next)
      this.ms = Math.max(this.ms, next.atMs)
      next.wake()
    }
    this.ms = Math.max(this.ms, untilMs)
  }

  /** Lets time pass in small steps, with all promises settled in between. */
  async run(ms: number, stepMs = 10): Promise<void> {
    await settled()
    for (let passed = 0; passed < ms; passed += stepMs) {
      this.pass(Math.min(stepMs, ms - passed))
      await settled()
    }
  }
}

/** Resolves when no promise that is ready has anything left to do. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

/** A member of dc1; `role` decides whether it is a server. */
export function member(
  name: string,
  change: Partial<Member> & { readonly role?: 'consul' | 'node' } = {},
): Member {
  const { role = 'node', ...rest } = change
  const tags = new Map([
    ['dc', 'dc1'],
    ['role', role],
    ...(role === 'consul' ? [['port', '8300'] as const, ['build', '1.2.3:abc'] as const] : []),
  ])
  return {
    name,
    id: `id-${name}`,
    address: { ip: '10.0.0.1', port: 8301 },
    tags,
    status: 'alive',
    incarnation: 1,
    versionMin: 1,
    versionMax: 1,
    ...rest,
  }
}

/** A state with some commands applied. */
export function stateOf(commands: readonly Command[]): State {
  const state = createState()
  for (const [at, command] of commands.entries()) state.apply(at + 1, command, { wallMs: 0 })
  return state
}

/** The catalog of a state. */
export function readerOf(state: State): CatalogReader {
  return {
    nodes: () =>
      state.query({ kind: 'nodes', nodeMeta: {}, near: '' }).value as ReturnType<CatalogReader['nodes']>,
    node: (node) => state.query({ kind: 'node', node }).value as ReturnType<CatalogReader['node']>,
    checks: (node) => state.query({ kind: 'healthNode', node }).value as ReturnType<CatalogReader['checks']>,
  }
}

const ignore = (): void => undefined

/** A logger that says nothing. */
export const silent: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  named: () => silent,
}

/** Telemetry without filters and sinks. */
export const quietTelemetry: TelemetrySettings = {
  prefix: 'consul',
  disableHostname: false,
  filterDefault: true,
  prefixFilter: [],
  prometheusRetentionMs: 0,
  statsdAddress: '',
  statsiteAddress: '',
  dogstatsdAddress: '',
  dogstatsdTags: [],
}

/** Metrics without filters and sinks, but for what is given. */
export function testMetrics(clock: Clock, given: Partial<TelemetrySettings> = {}): MetricsView {
  const settings = { ...quietTelemetry, ...given }
  return createMetrics({ clock, settings, hostname: 'host', random: seededRandom(1) })
}
