// A node's own services and checks without a cluster: the machine with a dumb catalog that answers at once, and a clock
// that stands still. Checks are those of TTL; what they are told holds at once.
import { OwnNode } from '../../../src/agent/local-node.ts'
import { noJournal } from '../../../src/agent/local-journal.ts'
import type { LocalStore } from '../../../src/agent/local-store.ts'
import type { CheckDuty } from '../../../src/agent/checks/check-duty.ts'
import type { Logger } from '../../../src/agent/log.ts'
import type { DefinitionRules } from '../../../src/definition/rules.ts'
import { batchLimits, localTiming } from '../../../src/local/config.ts'
import type { LocalEffect, LocalInput } from '../../../src/local/events.ts'
import { LocalMachine } from '../../../src/local/local.ts'
import type { FileDefinitions } from '../../../src/local/plan.ts'
import type { CheckDefinition } from '../../../src/model/definition.ts'
import { DumbCatalog, node as nodeInfo } from '../local/bench.ts'

/** The node with what is around it. */
export interface OwnNodeBench {
  readonly node: OwnNode
  readonly catalog: DumbCatalog
  /** Begins and ends of checks, in order. */
  readonly calls: string[]
  readonly warnings: string[]
}

/** What may be other than empty. */
export interface OwnNodeSettings {
  readonly store?: LocalStore
  readonly files?: FileDefinitions
  readonly nodeName?: string
  readonly scripts?: DefinitionRules['scripts']
  /** While it is true the catalog answers nothing. */
  readonly isSilent?: () => boolean
}

const noStore: LocalStore = {
  services: [],
  checks: [],
  states: new Map(),
  definitionFile: noJournal(),
  stateFile: noJournal(),
}

/** Makes one; it is open. */
export function createOwnNode(settings: OwnNodeSettings = {}): OwnNodeBench {
  const catalog = new DumbCatalog()
  const calls: string[] = []
  const warnings: string[] = []
  const nodeName = settings.nodeName ?? nodeInfo.name
  const output = { updateIntervalMs: 300_000, isDiscarded: false }
  const machine = new LocalMachine(
    { ...nodeInfo, name: nodeName },
    { timing: localTiming, batch: batchLimits, output, seed: 1 },
    0,
  )
  const node = new OwnNode({ machine, nodeName, log: logInto(warnings) })
  const feed = (input: LocalInput): void => {
    for (const effect of machine.step(input, 0)) perform(effect)
  }
  const perform = (effect: LocalEffect): void => {
    const isQuestion = effect.kind === 'fetch' || effect.kind === 'send'
    if (isQuestion && settings.isSilent?.() === true) return
    if (effect.kind === 'fetch') {
      feed({ kind: 'fetched', attempt: effect.attempt, catalog: { node: null, services: [], checks: [] } })
    } else if (effect.kind === 'send') {
      const refusals = effect.commands.map((command) => catalog.apply(command))
      feed({ kind: 'sent', attempt: effect.attempt, refusals })
    } else if (effect.kind === 'tried') node.onTried(effect.version)
    else if (effect.kind === 'versionRaised') node.onVersion()
  }
  node.open({
    store: settings.store ?? noStore,
    duty: dutyOf(node, calls),
    pump: { feed, stop: () => undefined },
    files: settings.files ?? { services: [], checks: [] },
    scripts: settings.scripts ?? 'anywhere',
    nowWallMs: 1000,
  })
  return { node, catalog, calls, warnings }
}

function dutyOf(node: OwnNode, calls: string[]): CheckDuty {
  const checks = new Map<string, CheckDefinition>()
  return {
    add(check, known) {
      calls.push(`add ${check.id} ${known?.status ?? '-'}`)
      checks.set(check.id, check)
    },
    remove(id) {
      calls.push(`remove ${id}`)
      checks.delete(id)
    },
    heard(id, outcome) {
      const run = checks.get(id)?.run
      if (run?.type !== 'ttl') return false
      void Promise.resolve().then(() => node.onHeard(id, outcome, 1000 + run.ttlMs))
      return true
    },
    stop: () => void calls.push('stop'),
  }
}

function logInto(warnings: string[]): Logger {
  const log: Logger = {
    trace: () => undefined,
    debug: () => undefined,
    info: () => undefined,
    warn: (message) => void warnings.push(message),
    error: (message) => void warnings.push(message),
    named: () => log,
  }
  return log
}
