// The services and checks of this node: registered, persisted, checked, and kept in the catalog (http/backend-local.ts).
// The machine of local/ decides what is to be written there; here it is joined with files, checks and requests.
import { runsProgram } from '../definition/check.ts'
import type { DefinitionRules } from '../definition/rules.ts'
import type { LocalCheck, LocalNode, LocalService } from '../http/backend-local.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { LocalChange, OwnCheck } from '../local/entries.ts'
import type { LocalInput } from '../local/events.ts'
import type { LocalMachine } from '../local/local.ts'
import {
  ownCheck,
  planCheck,
  planFiles,
  planRegistration,
  type FileDefinitions,
  type Plan,
  type Present,
} from '../local/plan.ts'
import type { CheckInfo, CheckStatus, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition, CheckOutcome, ServiceDefinition } from '../model/definition.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { AliasView } from './checks/alias.ts'
import type { CheckDuty, CheckReports, KnownCheck } from './checks/check-duty.ts'
import {
  checkKey,
  followChange,
  jsonOf,
  serviceKey,
  storedCheck,
  type LocalContents,
  type LocalStore,
  type StoredCheck,
  type StoredService,
} from './local-store.ts'
import { concerned, ServiceWatches, VersionWaits } from './local-watches.ts'
import type { Logger } from './log.ts'
import type { Pump } from './loop.ts'
import type { Requests } from './requests.ts'

/** What the node is joined from. */
export interface OwnNodeParts {
  readonly machine: LocalMachine
  readonly nodeName: string
  readonly log: Logger
}

const nodeMaintenance = '_node_maintenance'
const reasonOf = (what: string): string =>
  `Maintenance mode is enabled for this ${what}, but no reason was provided. This is a default message.`

/**
 * This node's own services and checks.
 *
 * It is made first, since checks and files need it; `open` joins it with them, and nothing is registered before. What
 * is registered is in the machine at once; the promise resolves when it is durable too, and was sent once.
 */
export class OwnNode implements LocalNode, LocalContents, CheckReports {
  readonly #parts: OwnNodeParts
  readonly #machine: LocalMachine
  /** Services whose tags others may set, as they were given. */
  readonly #defined = new Map<string, ServiceInfo>()
  /** TTL checks with what they were told last. */
  readonly #states = new Map<string, KnownCheck>()
  readonly #versions = new VersionWaits()
  readonly #tried = new VersionWaits()
  readonly #watches = new ServiceWatches()
  /** Those who wait for their news to have been heard, by check. */
  readonly #hearing = new Map<string, (() => void)[]>()
  #isStopped = false
  #scripts: DefinitionRules['scripts'] = 'nowhere'
  #pump: Pump<LocalInput> | null = null
  #duty: CheckDuty | null = null
  #store: LocalStore | null = null

  constructor(parts: OwnNodeParts) {
    this.#parts = parts
    this.#machine = parts.machine
  }

  /** Takes up what files and the run before say, begins their checks, and then to sync. */
  open(joined: {
    readonly store: LocalStore
    readonly duty: CheckDuty
    readonly pump: Pump<LocalInput>
    readonly files: FileDefinitions
    readonly scripts: DefinitionRules['scripts']
    readonly nowWallMs: number
  }): void {
    const { store, duty, pump, files, scripts, nowWallMs } = joined
    this.#scripts = scripts
    this.#store = store
    this.#duty = duty
    this.#pump = pump
    for (const [id, state] of store.states) {
      if (state.expiresAtWallMs > nowWallMs) this.#states.set(id, state)
    }
    const inFiles = new Set(files.services.map(({ service }) => service.id))
    const services = store.services.filter(({ info }) => !inFiles.has(info.id))
    this.#carryOut({
      kind: 'restored',
      plan: {
        ...nothing,
        changes: services.map(({ info, token }) => ({
          kind: 'putService',
          service: { info, token, source: 'api' },
        })),
      },
    })
    this.#carryOut({ kind: 'restored', plan: this.#withStates(planFiles(this.#present(), files)) })
    this.#carryOut({ kind: 'restored', plan: this.#withStates(this.#planStored(store.checks)) })
    // What is no more must not come back with the next start.
    for (const id of store.states.keys()) if (!this.checks.has(id)) store.stateFile.drop(id)
    for (const { info } of store.services)
      if (inFiles.has(info.id)) store.definitionFile.drop(serviceKey(info.id))
    for (const { id } of store.checks)
      if (this.checks.get(id)?.source !== 'api') store.definitionFile.drop(checkKey(id))
  }

  get services(): ReadonlyMap<string, LocalService> {
    return this.#machine.services
  }

  get checks(): ReadonlyMap<string, LocalCheck> {
    return this.#machine.checks
  }

  get version(): number {
    return this.#machine.version
  }

  changed(version: number, signal: AbortSignal): Promise<void> {
    if (this.version !== version) return Promise.resolve()
    return this.#versions.above(version, signal)
  }

  registerService(
    definition: ServiceDefinition,
    options: { readonly replaceChecks: boolean },
  ): Promise<Result<void, RequestError>> {
    const plan = planRegistration(this.#present(), definition, options.replaceChecks)
    return this.#follow(plan, `service "${definition.service.id}"`)
  }

  deregisterService(id: string): Promise<Result<void, RequestError>> {
    if (!this.services.has(id)) return unknownOf('service', id)
    const end = [...this.#machine.checksOf(id)]
    return this.#follow(
      { ...nothing, changes: [{ kind: 'removeService', id }], end },
      `the end of service "${id}"`,
    )
  }

  registerCheck(definition: CheckDefinition): Promise<Result<void, RequestError>> {
    const { id, serviceId } = definition
    if (serviceId !== '' && !this.services.has(serviceId)) {
      return Promise.resolve(err(requestError('refused', `ServiceID "${serviceId}" does not exist`)))
    }
    return this.#follow(planCheck(this.#present(), definition), `check "${id}"`)
  }

  deregisterCheck(id: string): Promise<Result<void, RequestError>> {
    if (!this.checks.has(id)) return unknownOf('check', id)
    return this.#follow(
      { ...nothing, changes: [{ kind: 'removeCheck', id }], end: [id] },
      `the end of check "${id}"`,
    )
  }

  async updateCheck(id: string, status: CheckStatus, output: string): Promise<Result<void, RequestError>> {
    const before = this.checks.get(id)?.info.status
    const isHeard = this.#duty?.heard(id, { status, output }) ?? false
    if (!isHeard) {
      const code = this.checks.has(id) ? 'refused' : 'notFound'
      return err(requestError(code, `CheckID "${id}" does not have associated TTL`))
    }
    await new Promise<void>((resolve) => {
      const waiting = this.#hearing.get(id)
      if (waiting === undefined) this.#hearing.set(id, [resolve])
      else waiting.push(resolve)
    })
    // Output alone is told later: a sign of life must not wait for a catalog that cannot be reached.
    if (status !== before) await this.#whenTried()
    return ok(undefined)
  }

  setServiceMaintenance(id: string, on: boolean, reason: string): Promise<Result<void, RequestError>> {
    const service = this.#machine.services.get(id)
    if (service === undefined) {
      return Promise.resolve(err(requestError('notFound', `No service registered with ID "${id}"`)))
    }
    const words = reason === '' ? reasonOf('service') : reason
    const checkId = `_service_maintenance:${id}`
    return this.#setMaintenance(
      { checkId, name: 'Service Maintenance Mode', serviceId: id, notes: words },
      on,
      service.token,
    )
  }

  setNodeMaintenance(on: boolean, reason: string): Promise<Result<void, RequestError>> {
    const words = reason === '' ? reasonOf('node') : reason
    return this.#setMaintenance(
      { checkId: nodeMaintenance, name: 'Node Maintenance Mode', serviceId: '', notes: words },
      on,
      '',
    )
  }

  /** Services and checks of the files are from now on these. What has not changed goes on; nothing flaps. */
  setFiles(files: FileDefinitions, scripts: DefinitionRules['scripts']): void {
    this.#scripts = scripts
    const plan = planFiles(this.#present(), files)
    this.#pump?.feed({ kind: 'paused' })
    this.#carryOut({ kind: 'changed', plan })
    this.#carryOut({ kind: 'changed', plan: this.#planForbidden() })
    this.#pump?.feed({ kind: 'resumed' })
    const changes = plan.changes.length
    if (changes > 0) this.#parts.log.info('Services and checks follow the changed files', { changes })
  }

  onOutcome(checkId: string, { status, output }: CheckOutcome): void {
    const before = this.#machine.checks.get(checkId)?.info
    if (before === undefined) return
    this.#pump?.feed({ kind: 'checkHeard', checkId, status, output })
    this.#watches.tell(before.serviceId)
  }

  onHeard(checkId: string, outcome: CheckOutcome, expiresAtWallMs: number): void {
    this.onOutcome(checkId, outcome)
    if (this.checks.has(checkId)) {
      const state = { ...outcome, expiresAtWallMs }
      this.#states.set(checkId, state)
      this.#store?.stateFile.put(checkId, jsonOf(state))
    }
    const waiting = this.#hearing.get(checkId) ?? []
    this.#hearing.delete(checkId)
    for (const resolve of waiting) resolve()
  }

  onCriticalTooLong(serviceId: string, checkId: string): void {
    if (!this.services.has(serviceId)) return
    this.#parts.log.info('Deregistering a service: its check has been critical for too long', {
      service: serviceId,
      check: checkId,
    })
    void this.deregisterService(serviceId)
  }

  /** The machine's: everything up to this version was sent once. */
  onTried(version: number): void {
    this.#tried.reach(version)
  }

  /** The machine's. */
  onVersion(): void {
    this.#versions.reach(this.version)
  }

  /** What checks that stand for others look at. */
  aliases(read: Requests['read']): AliasView {
    const machine = this.#machine
    return {
      nodeName: this.#parts.nodeName,
      hasService: (id) => machine.services.has(id),
      *checks(serviceId) {
        const ids = [...machine.checksOf(''), ...(serviceId === '' ? [] : machine.checksOf(serviceId))]
        for (const id of ids) {
          const check = machine.checks.get(id)
          if (check !== undefined) yield check.info
        }
      },
      watch: (serviceId, onChange) => this.#watches.add(serviceId, onChange),
      read,
    }
  }

  *storedServices(): Iterable<StoredService> {
    for (const [id, { info, token, source }] of this.#machine.services)
      if (source === 'api') yield { kind: 'service', info: this.#defined.get(id) ?? info, token }
  }

  *storedChecks(): Iterable<StoredCheck> {
    for (const check of this.#machine.checks.values()) if (check.source === 'api') yield storedCheck(check)
  }

  storedStates(): Iterable<readonly [string, KnownCheck]> {
    return this.#states
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#versions.end()
    this.#tried.end()
    this.#pump?.stop()
    this.#duty?.stop()
    for (const waiting of this.#hearing.values()) for (const resolve of waiting) resolve()
    await this.#store?.definitionFile.close()
    await this.#store?.stateFile.close()
  }

  #present(): Present {
    return {
      node: this.#parts.nodeName,
      services: this.#machine.services,
      checks: this.#machine.checks,
      defined: this.#defined,
      checksOf: (id) => this.#machine.checksOf(id),
    }
  }

  /** True of a check that runs a program, where those of the API may not; what allowed it may have been taken back. */
  #isForbidden(definition: CheckDefinition | null): boolean {
    return this.#scripts !== 'anywhere' && definition !== null && runsProgram(definition.run)
  }

  /** The end of checks that the API gave and that may not run any more. */
  #planForbidden(): Plan {
    const ids: string[] = []
    for (const [id, { source, definition }] of this.#machine.checks)
      if (source === 'api' && this.#isForbidden(definition)) ids.push(id)
    const changes = ids.map((id) => ({ kind: 'removeCheck', id }) as const)
    return { changes, begin: [], end: ids, problems: ids.map(forbidden) }
  }

  /** Checks that the API gave in an earlier run, unless a file defines them now. */
  #planStored(all: readonly StoredCheck[]): Plan {
    const stored = all.filter(({ definition }) => !this.#isForbidden(definition))
    const kept = stored.filter(({ id }) => !this.#machine.checks.has(id))
    const isThere = ({ serviceId }: StoredCheck): boolean => serviceId === '' || this.services.has(serviceId)
    return {
      changes: kept.filter(isThere).map((each) => ({ kind: 'putCheck', check: this.#restoredCheck(each) })),
      begin: kept.filter(isThere).flatMap(({ definition }) => definition ?? []),
      end: [],
      problems: [
        ...all.filter(({ definition }) => this.#isForbidden(definition)).map(({ id }) => forbidden(id)),
        ...kept
          .filter((each) => !isThere(each))
          .map(({ id, serviceId }) => `Check "${id}" is forgotten: its service "${serviceId}" is gone`),
      ],
    }
  }

  #restoredCheck({ id, definition, serviceId, notes, token }: StoredCheck): OwnCheck {
    if (definition !== null) {
      const from = { node: this.#parts.nodeName, source: 'api', serviceToken: token } as const
      return ownCheck(definition, from, null)
    }
    const name = serviceId === '' ? 'Node Maintenance Mode' : 'Service Maintenance Mode'
    return this.#maintenanceCheck({ checkId: id, name, serviceId, notes }, token)
  }

  /** What TTL checks were told before the restart holds while its time lasts. */
  #withStates(plan: Plan): Plan {
    const changes = plan.changes.map((change): LocalChange => {
      if (change.kind !== 'putCheck' || change.check.definition?.run.type !== 'ttl') return change
      const state = this.#states.get(change.check.info.checkId)
      if (state === undefined) return change
      const { status, output } = state
      return { ...change, check: { ...change.check, info: { ...change.check.info, status, output } } }
    })
    return { ...plan, changes }
  }

  #maintenanceCheck(
    check: Pick<CheckInfo, 'checkId' | 'name' | 'serviceId' | 'notes'>,
    token: string,
  ): OwnCheck {
    const info: CheckInfo = {
      ...check,
      node: this.#parts.nodeName,
      status: 'critical',
      output: '',
      serviceName: '',
      serviceTags: [],
      type: 'maintenance',
      definition: {},
    }
    return { info, definition: null, token, source: 'api' }
  }

  #setMaintenance(
    check: Pick<CheckInfo, 'checkId' | 'name' | 'serviceId' | 'notes'>,
    on: boolean,
    token: string,
  ): Promise<Result<void, RequestError>> {
    const { checkId } = check
    if (this.checks.has(checkId) === on) return Promise.resolve(ok(undefined))
    const change: LocalChange = on
      ? { kind: 'putCheck', check: this.#maintenanceCheck(check, token) }
      : { kind: 'removeCheck', id: checkId }
    const { serviceId } = check
    this.#parts.log.info(
      on ? 'Entering maintenance' : 'Leaving maintenance',
      serviceId === '' ? {} : { service: serviceId },
    )
    return this.#follow({ ...nothing, changes: [change] }, 'maintenance')
  }

  async #follow(plan: Plan, what: string): Promise<Result<void, RequestError>> {
    if (this.#isStopped) return err(requestError('overloaded', 'The agent is stopping'))
    this.#carryOut({ kind: 'changed', plan })
    const tried = this.#whenTried()
    const kept = (await this.#store?.definitionFile.flushed()) ?? ok(undefined)
    await tried
    if (kept.ok) return ok(undefined)
    const why = `Cannot persist ${what}: ${kept.error}; it is in force until the agent restarts`
    return err(requestError('internal', why))
  }

  /** Resolves when all that is there now has been sent once, whatever became of it. */
  #whenTried(): Promise<void> {
    return this.#tried.above(this.version - 1, null)
  }

  #carryOut({ kind, plan }: { readonly kind: 'restored' | 'changed'; readonly plan: Plan }): void {
    const { changes, begin, end, problems } = plan
    for (const problem of problems) this.#parts.log.warn(problem)
    const ids = concerned(changes, this.#machine.checks)
    for (const change of changes) this.#persist(change, kind === 'restored')
    for (const id of end) {
      this.#duty?.remove(id)
      if (this.#states.delete(id)) this.#store?.stateFile.drop(id)
    }
    this.#pump?.feed({ kind, changes })
    for (const check of begin) {
      // What a check was told counts only before it says something itself.
      const told = kind === 'restored' ? this.#states.get(check.id) : undefined
      this.#duty?.add(check, told ?? this.#said(check.id))
    }
    this.#watches.tellAll(ids)
  }

  #said(checkId: string): KnownCheck | null {
    const info = this.#machine.checks.get(checkId)?.info
    return info === undefined ? null : { status: info.status, output: info.output, expiresAtWallMs: 0 }
  }

  #define(info: ServiceInfo): void {
    if (info.enableTagOverride) this.#defined.set(info.id, info)
    else this.#defined.delete(info.id)
  }

  /** Follows a change in the file, before the machine has it: a removed service still has its checks. */
  #persist(change: LocalChange, isKept: boolean): void {
    if (change.kind === 'putService') this.#define(change.service.info)
    if (change.kind === 'removeService') this.#defined.delete(change.id)
    const file = this.#store?.definitionFile
    if (file !== undefined)
      followChange(file, change, { isKept, checksOf: (id) => this.#machine.checksOf(id) })
  }
}

const nothing: Plan = { changes: [], begin: [], end: [], problems: [] }

function forbidden(id: string): string {
  return `Check "${id}" is forgotten: it runs a program, and enable_script_checks is off`
}

function unknownOf(what: 'service' | 'check', id: string): Promise<Result<void, RequestError>> {
  const hint = `Ensure that the ${what} ID is passed, not the ${what} name.`
  return Promise.resolve(err(requestError('notFound', `Unknown ${what} ID ${JSON.stringify(id)}. ${hint}`)))
}
