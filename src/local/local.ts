// The machine of the local state: what this node has, and how the catalog is made to say the same (anti-entropy).
// It knows no files, no requests and no way to run a check. One thing is under way at a time: a fetch or a send.
import { log2CeilOfRatio } from '../lib/integers.ts'
import type { Machine } from '../lib/machine.ts'
import { seededRandom, type Random } from '../lib/random.ts'
import type { CheckInfo, NodeInfo } from '../model/catalog.ts'
import { takeBatch, type Planned, type Removed } from './batch.ts'
import { isSameValue } from '../lib/same-value.ts'
import { isSameCheck, isSameNode, isSameService } from './compare.ts'
import type { LocalConfig, OutputRules } from './config.ts'
import { Deferrals } from './deferrals.ts'
import type { CatalogView, LocalChange, OwnCheck, OwnService } from './entries.ts'
import type { LocalEffect, LocalInput } from './events.ts'
import { checkKey, idOf, isCheckKey, Ledger, nodeKey, serviceKey, type Key } from './ledger.ts'
import { OwnTable } from './table.ts'

/** The pool's size up to which nothing is stretched. */
const unscaledMembers = 128
/** The leader's, which agents leave alone. */
const leadersService = 'consul'
const leadersCheck = 'serfHealth'

/** What is under way. */
type Attempt = { readonly number: number; readonly deadlineMs: number } & (
  | { readonly kind: 'fetch' }
  | { readonly kind: 'send'; readonly planned: readonly Planned[] }
)

/**
 * The local state.
 *
 * Invariants: a check names a service that is there or none; what is not in the ledger as out, unknown or refused is
 * in the catalog for all that this machine was told; a fetch only ever finds differences (what it was answered may be
 * older than the last write), except for what was not sent in this run.
 */
export class LocalMachine implements Machine<LocalInput, LocalEffect> {
  readonly #config: LocalConfig
  readonly #random: Random
  readonly #table = new OwnTable()
  readonly #ledger = new Ledger()
  readonly #deferrals = new Deferrals()
  readonly #removed = new Map<Key, Removed>()
  /** Checks whose service was sent again since the last full sync. */
  readonly #sentAnew = new Set<Key>()
  #node: NodeInfo
  #output: OutputRules
  #scale = 1
  #version = 1
  #triedVersion = 1
  #toldVersion = 1
  #attempt: Attempt | null = null
  #attempts = 0
  #isPaused = false
  /** The last send has failed: only a change or the next full sync brings another. */
  #isHeld = false
  /** The last fetch was answered and what it found is not yet sent. */
  #isFullRound = false
  #hasFetched = false
  #isNodeForeign = false
  #isRestoring = false
  #fullAtMs: number
  #effects: LocalEffect[] = []

  constructor(node: NodeInfo, config: LocalConfig, nowMs: number) {
    this.#node = node
    this.#config = config
    this.#random = seededRandom(config.seed)
    this.#output = config.output
    this.#fullAtMs = nowMs
    this.#ledger.markUnknown(nodeKey)
  }

  get services(): ReadonlyMap<string, OwnService> {
    return this.#table.services
  }

  get checks(): ReadonlyMap<string, OwnCheck> {
    return this.#table.checks
  }

  /** Ids of a service's checks; '' for those of the node. */
  checksOf(serviceId: string): ReadonlySet<string> {
    return this.#table.checksOf(serviceId)
  }

  /** Grows with each change of services and checks, output included. */
  get version(): number {
    return this.#version
  }

  /** The catalog was looked at once. */
  get hasFetched(): boolean {
    return this.#hasFetched
  }

  /** True when the catalog has all of it, for all that is known. */
  get isInSync(): boolean {
    return this.#hasFetched && this.#ledger.queue.size === 0 && this.#attempt === null
  }

  get wakeAtMs(): number {
    const attemptMs = this.#attempt?.deadlineMs ?? (this.#isPaused ? Infinity : this.#fullAtMs)
    return Math.min(attemptMs, this.#deferrals.leastAtMs)
  }

  step(input: LocalInput, nowMs: number): readonly LocalEffect[] {
    this.#effects = []
    this.#take(input, nowMs)
    this.#onTime(nowMs)
    this.#goOn(nowMs)
    if (this.#version !== this.#toldVersion) {
      this.#toldVersion = this.#version
      this.#effects.push({ kind: 'versionRaised' })
    }
    return this.#effects
  }

  #take(input: LocalInput, nowMs: number): void {
    switch (input.kind) {
      case 'nodeSet':
        return this.#onNode(input.node)
      case 'restored':
        return this.#onRestored(input.changes)
      case 'changed':
        return this.#onChanges(input.changes)
      case 'checkHeard':
        return this.#onHeard(input, nowMs)
      case 'poolSized':
        this.#scale = 1 + log2CeilOfRatio(input.members, unscaledMembers)
        return
      case 'serversChanged':
        return this.#onServersChanged(nowMs)
      case 'outputSet':
        this.#output = input.output
        return
      case 'paused':
        this.#isPaused = true
        return
      case 'resumed':
        this.#isPaused = false
        this.#isHeld = false
        return
      default:
        this.#takeAnswer(input, nowMs)
    }
  }

  #takeAnswer(input: LocalInput, nowMs: number): void {
    const attempt = this.#attempt
    if (!('attempt' in input) || attempt?.number !== input.attempt) return
    this.#attempt = null
    if (attempt.kind === 'fetch') {
      if (input.kind === 'fetched') this.#onFetched(input.catalog, nowMs)
      else this.#onFetchFailed(nowMs)
    } else if (input.kind === 'sent') this.#onSent(attempt.planned, input.refusals, nowMs)
    else this.#onSendFailed(attempt.planned, nowMs)
  }

  #onNode(node: NodeInfo): void {
    if (isSameValue(node, this.#node)) return
    this.#node = node
    this.#isHeld = false
    this.#ledger.markOut(nodeKey, this.#version)
  }

  #onRestored(changes: readonly LocalChange[]): void {
    this.#isRestoring = !this.#hasFetched
    for (const change of changes) this.#apply(change)
    this.#isRestoring = false
  }

  #onChanges(changes: readonly LocalChange[]): void {
    this.#isHeld = false
    for (const change of changes) this.#apply(change)
  }

  #apply(change: LocalChange): void {
    switch (change.kind) {
      case 'putService':
        return this.#putService(change.service)
      case 'putCheck':
        return this.#putCheck(change.check)
      case 'removeService':
        return this.#removeService(change.id)
      case 'removeCheck':
        return this.#removeCheck(change.id)
      default:
        change satisfies never
    }
  }

  #putService(service: OwnService): void {
    const { id } = service.info
    const known = this.#table.services.get(id)
    this.#table.putService(service)
    if (known !== undefined && known.token === service.token && isSameValue(known.info, service.info)) return
    const key = serviceKey(id)
    const gone = this.#removed.get(key)
    this.#removed.delete(key)
    this.#markOut(key)
    // Its checks of before would have gone with it; now they go by themselves, unless they come back too.
    for (const checkId of gone?.checkIds ?? []) {
      if (!this.#table.checks.has(checkId)) this.#markRemoved(checkKey(checkId), service.token)
    }
  }

  #putCheck(check: OwnCheck): void {
    const { info } = check
    const known = this.#table.checks.get(info.checkId)
    if (!this.#table.putCheck({ ...check, info: this.#kept(info) })) return
    const stored = this.#table.checks.get(info.checkId)
    if (known !== undefined && known.token === check.token && isSameValue(known.info, stored?.info)) return
    const key = checkKey(info.checkId)
    this.#removed.delete(key)
    this.#markOut(key)
  }

  /** What is restored may well be in the catalog, from the run before. */
  #markOut(key: Key): void {
    this.#version++
    if (this.#isRestoring) this.#ledger.markUnknown(key)
    else this.#ledger.markOut(key, this.#version)
  }

  #kept(info: CheckInfo): CheckInfo {
    return this.#output.isDiscarded && info.output !== '' ? { ...info, output: '' } : info
  }

  #removeService(id: string): void {
    const service = this.#table.services.get(id)
    if (service === undefined) return
    const checkIds = [...this.#table.checksOf(id)]
    this.#table.removeService(id)
    for (const checkId of checkIds) {
      this.#deferrals.cancel(checkId)
      this.#ledger.settle(checkKey(checkId))
    }
    this.#markRemoved(serviceKey(id), service.token, checkIds)
  }

  #removeCheck(id: string): void {
    const check = this.#table.checks.get(id)
    if (check === undefined) return
    this.#table.removeCheck(id)
    this.#deferrals.cancel(id)
    this.#markRemoved(checkKey(id), check.token)
  }

  #markRemoved(key: Key, token: string, checkIds: readonly string[] = []): void {
    this.#removed.set(key, { token, checkIds })
    this.#version++
    this.#ledger.markOut(key, this.#version)
  }

  /** Output alone waits: it costs an entry of the log, and people ask the agent for it. */
  #onHeard(heard: LocalInput & { readonly kind: 'checkHeard' }, nowMs: number): void {
    const check = this.#table.checks.get(heard.checkId)
    if (check === undefined) return
    const before = check.info
    const info = this.#kept({ ...before, status: heard.status, output: heard.output })
    if (info.status === before.status && info.output === before.output) return
    this.#table.setInfo(check, info)
    this.#version++
    const { updateIntervalMs } = this.#output
    const key = checkKey(heard.checkId)
    if (info.status !== before.status || updateIntervalMs === 0) {
      this.#isHeld = false
      this.#ledger.markOut(key, this.#version)
    } else if (!this.#ledger.isOut(key)) {
      const waitMs = Math.floor(updateIntervalMs / 2) + this.#random.below(updateIntervalMs)
      this.#deferrals.add(heard.checkId, nowMs + waitMs)
    }
  }

  #onTime(nowMs: number): void {
    for (const checkId of this.#deferrals.takeDue(nowMs)) {
      this.#isHeld = false
      this.#ledger.markOut(checkKey(checkId), this.#version)
    }
    const attempt = this.#attempt
    if (attempt === null || attempt.deadlineMs > nowMs) return
    this.#attempt = null
    if (attempt.kind === 'fetch') this.#onFetchFailed(nowMs)
    else this.#onSendFailed(attempt.planned, nowMs)
  }

  /** Begins what is due: a full sync first, else a send of what differs. */
  #goOn(nowMs: number): void {
    if (this.#attempt !== null || this.#isPaused) return
    if (nowMs >= this.#fullAtMs) this.#fetch(nowMs)
    else if (!this.#isHeld) this.#send(nowMs)
    // What is left now waits for something else than its turn.
    if (this.#attempt === null) this.#raiseTried(this.#version)
  }

  #fetch(nowMs: number): void {
    const number = ++this.#attempts
    this.#attempt = { kind: 'fetch', number, deadlineMs: nowMs + this.#config.timing.attemptMsMax }
    this.#effects.push({ kind: 'fetch', attempt: number })
  }

  #send(nowMs: number): void {
    const batch = takeBatch({
      node: this.#node,
      table: this.#table,
      ledger: this.#ledger,
      removed: this.#removed,
      limits: this.#config.batch,
      isNodeForeign: this.#isNodeForeign,
    })
    if (batch === null) return
    const { token, planned } = batch
    for (const key of planned.flatMap(({ keys }) => keys)) {
      if (isCheckKey(key)) this.#deferrals.cancel(idOf(key))
    }
    const number = ++this.#attempts
    this.#attempt = { kind: 'send', number, deadlineMs: nowMs + this.#config.timing.attemptMsMax, planned }
    this.#effects.push({
      kind: 'send',
      attempt: number,
      token,
      commands: planned.map(({ command }) => command),
    })
  }

  #onFetched(catalog: CatalogView, nowMs: number): void {
    const { periodMs } = this.#config.timing
    this.#fullAtMs = nowMs + periodMs + this.#random.below(this.#scale * periodMs)
    this.#hasFetched = true
    this.#isHeld = false
    this.#isFullRound = true
    this.#sentAnew.clear()
    const { node } = catalog
    this.#look(nodeKey, node !== null && isSameNode(this.#node, node))
    this.#isNodeForeign = node !== null && node.id !== '' && node.id !== this.#node.id
    // What is there belongs to another: first the name must be ours.
    if (this.#isNodeForeign) return
    this.#lookAtServices(catalog)
    this.#lookAtChecks(catalog)
    this.#dropRefusedRemovals(catalog)
  }

  /**
   * Something of ours against the catalog. That it is the same counts only if nothing of it was sent in this run: the
   * answer may be older than the last write.
   */
  #look(key: Key, isSame: boolean): void {
    if (!isSame || this.#ledger.isRefused(key)) this.#ledger.markOut(key, this.#version)
    else if (this.#ledger.isUnknown(key)) this.#ledger.settle(key)
  }

  #lookAtServices({ services }: CatalogView): void {
    const storedById = new Map(services.map((stored) => [stored.id, stored]))
    for (const [id, own] of this.#table.services) {
      const stored = storedById.get(id)
      const key = serviceKey(id)
      const { enableTagOverride, tags } = own.info
      if (enableTagOverride && stored !== undefined && !this.#ledger.isOut(key)) {
        if (!isSameValue(stored.tags, tags)) this.#takeTags(own, stored.tags)
      }
      const { info } = this.#table.services.get(id) ?? own
      this.#look(key, stored !== undefined && isSameService(info, stored))
    }
    for (const { id } of services) {
      if (id !== leadersService && !this.#table.services.has(id)) this.#findStray(serviceKey(id))
    }
  }

  /** Others may set the tags of this service in the catalog. */
  #takeTags(own: OwnService, tags: readonly string[]): void {
    this.#table.putService({ ...own, info: { ...own.info, tags } })
    this.#version++
  }

  #lookAtChecks({ checks }: CatalogView): void {
    const storedById = new Map(checks.map((stored) => [stored.checkId, stored]))
    for (const [id, { info }] of this.#table.checks) {
      const stored = storedById.get(id)
      const isSame = stored !== undefined && isSameCheck(info, stored, this.#deferrals.has(id))
      this.#look(checkKey(id), isSame)
    }
    for (const { checkId, serviceId } of checks) {
      if (checkId === leadersCheck || this.#table.checks.has(checkId)) continue
      // A stray service takes its checks along.
      const goesAlong =
        serviceId !== '' && serviceId !== leadersService && !this.#table.services.has(serviceId)
      if (!goesAlong) this.#findStray(checkKey(checkId))
    }
  }

  /** The catalog has something that this node has not. */
  #findStray(key: Key): void {
    if (!this.#removed.has(key)) this.#removed.set(key, { token: '', checkIds: [] })
    this.#ledger.markOut(key, this.#version)
  }

  /** Someone else has removed what we were not allowed to. */
  #dropRefusedRemovals(catalog: CatalogView): void {
    const stored = new Set<Key>([
      ...catalog.services.map(({ id }) => serviceKey(id)),
      ...catalog.checks.map(({ checkId }) => checkKey(checkId)),
    ])
    for (const key of this.#removed.keys()) {
      if (!this.#ledger.isRefused(key) || stored.has(key)) continue
      this.#ledger.settle(key)
      this.#removed.delete(key)
    }
  }

  #onFetchFailed(nowMs: number): void {
    this.#isFullRound = false
    this.#fullAtMs = nowMs + this.#retryMs()
  }

  #retryMs(): number {
    const { retryMs, firstRetryMs } = this.#config.timing
    const baseMs = this.#hasFetched ? retryMs : firstRetryMs
    return baseMs + this.#random.below(this.#scale * baseMs)
  }

  #onSent(planned: readonly Planned[], refusals: readonly (string | null)[], nowMs: number): void {
    const synced = planned.filter((_, i) => (refusals[i] ?? null) === null)
    if (synced.length > 0) {
      this.#effects.push({ kind: 'synced', items: synced.flatMap(({ items }) => items) })
    }
    for (const { keys } of synced) for (const key of keys) this.#onDone(key, nowMs)
    for (const [i, each] of planned.entries()) this.#onRefused(each, refusals[i] ?? null)
    // A refusal tells that the catalog is not what it was. One that comes again and again must not be asked for often,
    // but for that of the node, without which there is nothing.
    const isNews = synced.length < planned.length && (!this.#isFullRound || this.#isNodeForeign)
    if (isNews) this.#fullAtMs = Math.min(this.#fullAtMs, nowMs + this.#retryMs())
    if (this.#ledger.queue.size === 0) this.#isFullRound = false
    this.#raiseTried(this.#ledger.settledVersion(this.#version))
  }

  #onRefused({ keys, items }: Planned, reason: string | null): void {
    if (reason === null) return
    this.#effects.push({ kind: 'refused', items, reason })
    for (const key of keys) this.#ledger.markRefused(key)
    this.#registerAnew(keys)
    if (keys.includes(nodeKey)) this.#isNodeForeign = true
  }

  /** The catalog may have lost the service of a check: once until the next full sync both are sent. */
  #registerAnew(refused: readonly Key[]): void {
    const [key, ...others] = refused
    if (key === undefined || others.length > 0 || !isCheckKey(key) || this.#sentAnew.has(key)) return
    const serviceId = this.#table.checks.get(idOf(key))?.info.serviceId ?? ''
    if (serviceId === '' || !this.#ledger.isIn(serviceKey(serviceId))) return
    this.#sentAnew.add(key)
    this.#ledger.markOut(serviceKey(serviceId), this.#version)
    this.#ledger.markOut(key, this.#version)
  }

  #onDone(key: Key, nowMs: number): void {
    if (!this.#ledger.isOut(key)) this.#removed.delete(key)
    if (key !== nodeKey || !this.#isNodeForeign) return
    this.#isNodeForeign = false
    // Not at once: the next answer may still be older than this.
    this.#fullAtMs = Math.min(this.#fullAtMs, nowMs + this.#config.timing.firstRetryMs)
  }

  #onSendFailed(planned: readonly Planned[], nowMs: number): void {
    for (const key of planned.flatMap(({ keys }) => keys)) this.#ledger.markOut(key, this.#version)
    this.#isHeld = true
    this.#isFullRound = false
    this.#fullAtMs = Math.min(this.#fullAtMs, nowMs + this.#retryMs())
    this.#raiseTried(this.#version)
  }

  #onServersChanged(nowMs: number): void {
    const { serversMs, firstRetryMs } = this.#config.timing
    const rangeMs = this.#scale * (this.#hasFetched ? serversMs : Math.min(serversMs, firstRetryMs))
    this.#fullAtMs = Math.min(this.#fullAtMs, nowMs + this.#random.below(rangeMs))
  }

  #raiseTried(version: number): void {
    if (version <= this.#triedVersion) return
    this.#triedVersion = version
    this.#effects.push({ kind: 'tried', version })
  }
}
