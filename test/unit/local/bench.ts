// A machine of the local state with its catalog: a dumb one, two maps, which may lose what is sent or refuse it.
import type { CheckInfo, CheckStatus, NodeInfo, ServiceInfo } from '../../../src/model/catalog.ts'
import type { RegisterCommand } from '../../../src/model/command.ts'
import type { CheckDefinition } from '../../../src/model/definition.ts'
import { batchLimits, localTiming, type LocalConfig } from '../../../src/local/config.ts'
import type { LocalChange } from '../../../src/local/entries.ts'
import type { LocalEffect, LocalInput, SingleCommand } from '../../../src/local/events.ts'
import { LocalMachine } from '../../../src/local/local.ts'
import { check as stateCheck } from '../state/fixtures.ts'

/** The node of these tests. */
export const node: NodeInfo = {
  id: 'b7cae0c4-0000-4000-8000-000000000001',
  name: 'n1',
  address: '10.0.0.1',
  datacenter: 'dc1',
  taggedAddresses: { lan: '10.0.0.1' },
  meta: {},
}

const stamps = { createIndex: 1, modifyIndex: 1 }

/** A TTL check of the node, critical as long as nothing was heard. */
export function check(checkId: string, more: Partial<CheckInfo> = {}): CheckInfo {
  return stateCheck(checkId, 'critical', { node: 'n1', type: 'ttl', ...more })
}

/** A TTL check's definition. */
export function ttl(id: string, serviceId = ''): CheckDefinition {
  return {
    id,
    name: id,
    notes: '',
    serviceId,
    token: '',
    initialStatus: 'critical',
    run: { type: 'ttl', ttlMs: 10_000 },
    successBeforePassing: 0,
    failuresBeforeWarning: 0,
    failuresBeforeCritical: 0,
    deregisterCriticalAfterMs: 0,
    outputBytesMax: 4096,
  }
}

/** A change that adds a service. */
export function put(info: ServiceInfo, token = ''): LocalChange {
  return { kind: 'putService', service: { info, token, source: 'api' } }
}

/** A change that adds a check. */
export function putCheck(info: CheckInfo, token = ''): LocalChange {
  return { kind: 'putCheck', check: { info, definition: null, token, source: 'api' } }
}

/** What the servers know, by the rules of registration that matter here. */
export class DumbCatalog {
  node: NodeInfo | null = null
  readonly services: Map<string, ServiceInfo> = new Map()
  readonly checks: Map<string, CheckInfo> = new Map()

  apply(command: SingleCommand): string | null {
    if (command.kind === 'register') return this.#register(command)
    if (command.kind !== 'deregister') throw new Error(`unexpected command ${command.kind}`)
    if (command.serviceId === '') this.checks.delete(command.checkId)
    else this.#removeService(command.serviceId)
    return null
  }

  #removeService(id: string): void {
    this.services.delete(id)
    for (const [checkId, { serviceId }] of this.checks) if (serviceId === id) this.checks.delete(checkId)
  }

  #register(command: RegisterCommand): string | null {
    const { service: added, checks, skipNodeUpdate } = command
    const isKnown = (id: string): boolean => id === '' || id === added?.id || this.services.has(id)
    if (!checks.every(({ serviceId }) => isKnown(serviceId)))
      return 'failed inserting check: Missing service registration'
    if (this.node === null || !skipNodeUpdate) this.node = command.node
    if (added !== null) this.services.set(added.id, added)
    for (const each of checks) this.checks.set(each.checkId, each)
    return null
  }

  /** The state of another one, or of an earlier time. */
  copy(): DumbCatalog {
    const copy = new DumbCatalog()
    copy.restore(this)
    return copy
  }

  restore(from: DumbCatalog): void {
    this.node = from.node
    this.services.clear()
    this.checks.clear()
    for (const [id, each] of from.services) this.services.set(id, each)
    for (const [id, each] of from.checks) this.checks.set(id, each)
  }
}

/** A machine, time, and its catalog. */
export class Bench {
  readonly machine: LocalMachine
  readonly catalog: DumbCatalog = new DumbCatalog()
  readonly effects: LocalEffect[] = []
  nowMs = 1000
  /** What was sent, in order. */
  readonly sent: SingleCommand[] = []
  /** Per send: the token. */
  readonly tokens: string[] = []
  fetches = 0
  /** False: nobody answers in time. */
  isUp = true
  /** Lets a command be refused. */
  refuse: (command: SingleCommand) => string | null = () => null
  #isAnswering = true
  readonly #waiting: LocalEffect[] = []

  constructor(config: Partial<LocalConfig> = {}) {
    this.machine = new LocalMachine(
      node,
      {
        timing: localTiming,
        batch: batchLimits,
        output: { updateIntervalMs: 300_000, isDiscarded: false },
        seed: 1,
        ...config,
      },
      this.nowMs,
    )
  }

  /** The answers stay away until `answer`. */
  holdAnswers(): void {
    this.#isAnswering = false
  }

  answer(): void {
    this.#isAnswering = true
    for (let effect = this.#waiting.shift(); effect !== undefined; effect = this.#waiting.shift())
      this.#perform(effect)
  }

  feed(input: LocalInput): void {
    const effects = this.machine.step(input, this.nowMs)
    this.effects.push(...effects)
    for (const effect of effects) this.#perform(effect)
  }

  change(...changes: LocalChange[]): void {
    this.feed({ kind: 'changed', changes })
  }

  /** Lets time go by, with every wake-up in it. */
  advance(ms: number): void {
    const endMs = this.nowMs + ms
    for (let steps = 0; this.machine.wakeAtMs <= endMs; steps++) {
      if (steps > 10_000) throw new Error('the machine does not come to rest')
      this.nowMs = Math.max(this.nowMs, this.machine.wakeAtMs)
      this.feed({ kind: 'wake' })
    }
    this.nowMs = endMs
  }

  /** The first full sync. */
  start(): this {
    this.feed({ kind: 'wake' })
    return this
  }

  /** Commands sent from now on. */
  since(): () => readonly SingleCommand[] {
    const from = this.sent.length
    return () => this.sent.slice(from)
  }

  /** What differs between the machine and the catalog. */
  differences(options: { readonly ignoresOutput?: boolean } = {}): readonly string[] {
    const { services, checks } = this.machine
    const strays = [
      ...[...this.catalog.services.keys()].filter((id) => id !== 'consul' && !services.has(id)),
      ...[...this.catalog.checks.keys()].filter((id) => id !== 'serfHealth' && !checks.has(id)),
    ]
    const wrong = [
      ...[...services.values()].filter(({ info }) => !isSame(info, this.catalog.services.get(info.id))),
      ...[...checks.values()].filter(({ info }) => {
        const stored = this.catalog.checks.get(info.checkId)
        const { serviceName, serviceTags, output } = info
        const ignored = options.ignoresOutput === true ? { output } : {}
        return stored === undefined || !isSame(info, { ...stored, serviceName, serviceTags, ...ignored })
      }),
    ]
    return [...strays.map((id) => `stray ${id}`), ...wrong.map(({ info }) => JSON.stringify(info))]
  }

  #perform(effect: LocalEffect): void {
    if (effect.kind !== 'fetch' && effect.kind !== 'send') return
    if (!this.#isAnswering) {
      this.#waiting.push(effect)
      return
    }
    if (effect.kind === 'fetch') this.#fetch(effect.attempt)
    else this.#send(effect)
  }

  #fetch(attempt: number): void {
    this.fetches++
    if (!this.isUp) return this.feed({ kind: 'fetchFailed', attempt })
    const { node: stored, services, checks } = this.catalog
    this.feed({
      kind: 'fetched',
      attempt,
      catalog: {
        node: stored && { ...stored, ...stamps },
        services: [...services.values()].map((each) => ({ ...each, ...stamps, node: 'n1' })),
        checks: [...checks.values()].map((each) => ({ ...each, ...stamps })),
      },
    })
  }

  #send(effect: LocalEffect & { readonly kind: 'send' }): void {
    this.tokens.push(effect.token)
    this.sent.push(...effect.commands)
    if (!this.isUp) return this.feed({ kind: 'sendFailed', attempt: effect.attempt })
    const refusals = effect.commands.map((command) => this.refuse(command) ?? this.catalog.apply(command))
    this.feed({ kind: 'sent', attempt: effect.attempt, refusals })
  }
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}

/** The words of a command. */
export function words(command: SingleCommand): string {
  if (command.kind === 'deregister') return `- ${command.serviceId || command.checkId}`
  if (command.kind !== 'register') return command.kind
  const { service: added, checks, skipNodeUpdate } = command
  const names = [added?.id ?? '', ...checks.map((each) => `${each.checkId}=${each.status}`)]
  return `+${skipNodeUpdate ? '' : ' node'} ${names.filter((name) => name !== '').join(' ')}`.trimEnd()
}

/** A check says something. */
export function heard(checkId: string, status: CheckStatus, output: string): LocalInput {
  return { kind: 'checkHeard', checkId, status, output }
}
