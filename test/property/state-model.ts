// The rules of keys, sessions, locks and transactions, as plainly as they can be said.
import type { KvEntry } from '../../src/model/catalog.ts'
import type { Command, CommandResult, KvWrite } from '../../src/model/command.ts'
import { sessionIdProblem, type SessionInfo } from '../../src/model/session.ts'
import type { TxnError, TxnOperation, TxnResult } from '../../src/model/transaction.ts'
import type { State } from '../../src/state/state.ts'
import type { Timed } from './state-arbitraries.ts'

type Of<K> = Extract<Command, { readonly kind: K }>
type KvOperation = Extract<TxnOperation, { readonly kind: 'kv' }>

const done: CommandResult = { kind: 'done' }
const decided = (applied: boolean, fencingToken = 0): CommandResult => ({
  kind: 'decided',
  applied,
  fencingToken,
})
const refused = (message: string): CommandResult => ({ kind: 'refused', message })

/** Keys, sessions and lock delays in arrays; the catalog is looked up in the state that is tested. */
export class Model {
  #keys: KvEntry[] = []
  #sessions: SessionInfo[] = []
  #delays: { readonly key: string; readonly untilMs: number }[] = []
  #nowMs = 0
  #index = 0
  #checks: ReadonlyMap<string, string> = new Map()
  #nodes: ReadonlySet<string> = new Set()

  sortedKeys(): readonly KvEntry[] {
    return this.#keys.toSorted((a, b) => (a.key < b.key ? -1 : 1))
  }

  sessionIds(): readonly string[] {
    return this.#sessions.map(({ id }) => id).toSorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1))
  }

  /** Takes note of the catalog as it is now. */
  catalog(state: State): void {
    const { value: checks } = state.query({ kind: 'healthState', state: 'any', nodeMeta: {}, near: '' })
    this.#checks = new Map(
      checks.map((check) => [`${check.node.toLowerCase()} ${check.checkId}`, check.status]),
    )
    const { value: nodes } = state.query({ kind: 'nodes', nodeMeta: {}, near: '' })
    this.#nodes = new Set(nodes.map((node) => node.name.toLowerCase()))
  }

  /** What a command results in; null for those of the catalog. */
  apply({ command, wallMs }: Timed, index: number): CommandResult | null {
    this.#nowMs = Math.max(this.#nowMs, wallMs)
    this.#index = index
    switch (command.kind) {
      case 'register':
      case 'deregister':
        this.#endOrphans(command)
        return null
      case 'sessionCreate':
        return this.#create(command.session)
      case 'sessionDestroy':
        return this.#destroy(command.id)
      case 'txn':
        return this.#txn(command.operations)
      case 'kvAcquire':
        return this.#lockResult(this.#acquire(command), this.#find(command.key)?.fencingToken ?? 0)
      case 'kvRelease':
        return this.#lockResult(this.#release(command), 0)
      default:
        return this.#kv(command)
    }
  }

  #kv(command: Command): CommandResult {
    switch (command.kind) {
      case 'kvSet':
        this.#set(command)
        return done
      case 'kvCas':
        return this.#if(this.#modified(command.key) === command.expectedIndex, () => this.#set(command))
      case 'kvDelete':
        this.#delete(command.key)
        return done
      case 'kvDeleteCas': {
        const is = [0, command.expectedIndex].includes(this.#modified(command.key))
        return this.#if(is, () => this.#delete(command.key))
      }
      case 'kvDeleteTree':
        this.#keys = this.#keys.filter(({ key }) => !key.startsWith(command.prefix))
        return done
      case 'kvExpire': {
        const known = this.#find(command.key)
        const is = known?.modifyIndex === command.modifyIndex && isOver(known, this.#nowMs)
        return this.#if(is, () => this.#delete(command.key))
      }
      default:
        throw new Error(`no model of ${command.kind}`)
    }
  }

  #lockResult(outcome: true | false | string, token: number): CommandResult {
    if (typeof outcome === 'string') return refused(outcome)
    return decided(outcome, outcome ? token : 0)
  }

  #if(condition: boolean, act: () => void): CommandResult {
    if (condition) act()
    return decided(condition)
  }

  #find(key: string): KvEntry | undefined {
    return this.#keys.find((entry) => entry.key === key)
  }

  #modified(key: string): number {
    return this.#find(key)?.modifyIndex ?? 0
  }

  #delete(key: string): void {
    this.#keys = this.#keys.filter((entry) => entry.key !== key)
  }

  #set(write: KvWrite): void {
    const known = this.#find(write.key)
    this.#store(write, {
      lockIndex: 0,
      session: known?.session ?? '',
      fencingToken: known?.fencingToken ?? 0,
    })
  }

  #store(write: KvWrite, lock: Pick<KvEntry, 'lockIndex' | 'session' | 'fencingToken'>): void {
    const known = this.#find(write.key)
    const entry: KvEntry = {
      key: write.key,
      value: write.value,
      flags: write.flags,
      ...lock,
      expiresAtWallMs: write.ttlMs === 0 ? 0 : this.#nowMs + write.ttlMs,
      createIndex: known?.createIndex ?? this.#index,
      modifyIndex: this.#index,
    }
    if (known !== undefined && text({ ...known, modifyIndex: 0 }) === text({ ...entry, modifyIndex: 0 }))
      return
    this.#delete(write.key)
    this.#keys.push(entry)
  }

  #acquire(write: KvWrite & { readonly session: string }): true | false | string {
    const { key } = write
    if (this.#isDelayed(key)) return false
    const session = this.#session(write.session)
    if (session === undefined) return sessionIdProblem(write.session) ?? 'unknown'
    const known = this.#find(key)
    if (known !== undefined && known.session !== '' && known.session !== session.id) return false
    const lockIndex = (known?.lockIndex ?? 0) + 1
    const fresh = { lockIndex, session: session.id, fencingToken: this.#index }
    this.#store(write, known?.session === session.id ? known && lockOf(known) : fresh)
    return true
  }

  #release(write: KvWrite & { readonly session: string }): true | false {
    const known = this.#find(write.key)
    if (known === undefined || known.session.toLowerCase() !== write.session.toLowerCase()) return false
    this.#store(write, { lockIndex: known.lockIndex, session: '', fencingToken: 0 })
    return true
  }

  #isDelayed(key: string): boolean {
    return this.#delays.some((delay) => delay.key === key && delay.untilMs > this.#nowMs)
  }

  #session(id: string): SessionInfo | undefined {
    return this.#sessions.find((session) => session.id.toLowerCase() === id.toLowerCase())
  }

  #create(session: SessionInfo): CommandResult {
    if (this.#session(session.id) !== undefined) return refused(`Session ID "${session.id}" is in use`)
    if (!this.#nodes.has(session.node)) return refused('Missing node registration')
    for (const id of checksOf(session)) {
      const status = this.#checks.get(`${session.node} ${id}`)
      if (status === undefined) return refused(`Missing check '${id}' registration`)
      if (status === 'critical') return refused(`Check '${id}' is in critical state`)
    }
    this.#sessions.push(session)
    return done
  }

  #destroy(id: string): CommandResult {
    const session = this.#session(id)
    if (session === undefined) return refused(sessionIdProblem(id) ?? 'unknown')
    this.#end(session)
    return done
  }

  #end(session: SessionInfo): void {
    this.#sessions = this.#sessions.filter((other) => other !== session)
    for (const entry of this.#keys.filter((each) => each.session === session.id)) {
      this.#delete(entry.key)
      if (session.behavior === 'release') {
        this.#keys.push({ ...entry, session: '', fencingToken: 0, modifyIndex: this.#index })
      }
      this.#delays.push({ key: entry.key, untilMs: this.#nowMs + session.lockDelayNanos / 1e6 })
    }
  }

  /**
   * Sessions whose node or checks are gone or critical. A node that was removed and registered by one command (a
   * rename onto itself cannot occur here) would be missed, and is by the draw of names.
   */
  #endOrphans(command: Of<'register' | 'deregister'>): void {
    const removed = command.kind === 'deregister' && command.serviceId === '' && command.checkId === ''
    for (const session of this.#sessions) {
      const isOff = (id: string): boolean => {
        const status = this.#checks.get(`${session.node} ${id}`)
        return status === undefined || status === 'critical'
      }
      const isGone =
        !this.#nodes.has(session.node) || (removed && command.node.toLowerCase() === session.node)
      if (isGone || checksOf(session).some(isOff)) this.#end(session)
    }
  }

  #txn(operations: readonly TxnOperation[]): CommandResult {
    const early: TxnError[] = []
    for (const [operation, each] of operations.entries()) {
      if (each.kind === 'kv' && each.verb === 'lock' && this.#isDelayed(each.key)) {
        early.push({ operation, message: `failed to lock key "${each.key}" due to lock delay` })
      }
    }
    if (early.length > 0) return { kind: 'txn', outcome: { results: [], errors: early } }
    const saved = [this.#keys.slice(), this.#sessions.slice(), this.#delays.slice()] as const
    const results: TxnResult[] = []
    const errors: TxnError[] = []
    for (const [operation, each] of operations.entries()) {
      const outcome = this.#operation(each)
      if (typeof outcome === 'string') errors.push({ operation, message: outcome })
      else results.push(...outcome)
    }
    if (errors.length === 0) return { kind: 'txn', outcome: { results, errors } }
    ;[this.#keys, this.#sessions, this.#delays] = saved
    return { kind: 'txn', outcome: { results: [], errors } }
  }

  #operation(each: TxnOperation): readonly TxnResult[] | string {
    if (each.kind === 'session') {
      const result = this.#destroy(each.session)
      return result.kind === 'refused' ? result.message : []
    }
    if (each.kind !== 'kv') throw new Error(`no model of ${each.kind}`)
    return each.verb.startsWith('get') || each.verb.startsWith('check')
      ? this.#read(each)
      : this.#change(each)
  }

  #read({ key, verb, index, session }: KvOperation): readonly TxnResult[] | string {
    const known = this.#find(key)
    switch (verb) {
      case 'get':
        return known === undefined
          ? `key "${key}" doesn't exist`
          : [{ kind: 'kv', entry: known, hasValue: true }]
      case 'get-or-empty':
        return known === undefined ? [absent(key)] : [{ kind: 'kv', entry: known, hasValue: true }]
      case 'get-tree':
        return this.sortedKeys()
          .filter((entry) => entry.key.startsWith(key))
          .map((entry) => ({ kind: 'kv', entry, hasValue: true }))
      default:
        return this.#check({ key, verb, index, session }, known)
    }
  }

  #check(
    { key, verb, index, session }: Pick<KvOperation, 'key' | 'verb' | 'index' | 'session'>,
    known: KvEntry | undefined,
  ): readonly TxnResult[] | string {
    if (verb === 'check-not-exists') return known === undefined ? [] : `key "${key}" exists`
    const what = verb === 'check-index' ? 'index' : 'session'
    if (known === undefined) return `failed to check ${what}, key "${key}" doesn't exist`
    if (verb === 'check-index') {
      if (known.modifyIndex === index) return [withoutValue(known)]
      return `failed index check for key "${key}", current modify index ${known.modifyIndex} != ${index}`
    }
    if (known.session.toLowerCase() === session.toLowerCase()) return [withoutValue(known)]
    return `failed session check for key "${key}", current session "${known.session}" != "${session}"`
  }

  #change({ key, verb, value, flags, index, session }: KvOperation): readonly TxnResult[] | string {
    const write = { key, value, flags, session, ttlMs: 0 }
    const written = (): readonly TxnResult[] =>
      this.#keys.filter((each) => each.key === key).map(withoutValue)
    switch (verb) {
      case 'delete':
        this.#delete(key)
        return []
      case 'delete-tree':
        this.#keys = this.#keys.filter((entry) => !entry.key.startsWith(key))
        return []
      case 'delete-cas':
        if (![0, index].includes(this.#modified(key))) return `failed to delete key "${key}", index is stale`
        this.#delete(key)
        return []
      case 'cas':
        if (this.#modified(key) !== index) return `failed to set key "${key}", index is stale`
        this.#set(write)
        return written()
      case 'lock':
      case 'unlock':
        return this.#lock(verb, write) ?? written()
      default:
        this.#set(write)
        return written()
    }
  }

  #lock(verb: 'lock' | 'unlock', write: KvWrite & { readonly session: string }): string | null {
    const outcome = verb === 'lock' ? this.#acquire(write) : this.#release(write)
    if (outcome === true) return null
    if (typeof outcome === 'string') return outcome
    const start = `failed to ${verb} key "${write.key}"`
    // A session that this very transaction has ended delays the lock.
    if (verb === 'lock')
      return `${start}${this.#isDelayed(write.key) ? ' due to lock delay' : ', lock is already held'}`
    return `${start}, lock isn't held, or is held by another session`
  }
}

function checksOf(session: SessionInfo): readonly string[] {
  return [...session.nodeChecks, ...session.serviceChecks.map(({ id }) => id)]
}

function lockOf({
  lockIndex,
  session,
  fencingToken,
}: KvEntry): Pick<KvEntry, 'lockIndex' | 'session' | 'fencingToken'> {
  return { lockIndex, session, fencingToken }
}

function withoutValue(entry: KvEntry): TxnResult {
  return { kind: 'kv', entry: { ...entry, value: new Uint8Array() }, hasValue: false }
}

function absent(key: string): TxnResult {
  const entry = {
    key,
    value: new Uint8Array(),
    flags: 0n,
    lockIndex: 0,
    session: '',
    fencingToken: 0,
    expiresAtWallMs: 0,
    createIndex: 0,
    modifyIndex: 0,
  }
  return { kind: 'kv', entry, hasValue: false }
}

function text(held: unknown): string {
  return JSON.stringify(held, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each))
}

function isOver({ expiresAtWallMs }: KvEntry, nowMs: number): boolean {
  return expiresAtWallMs > 0 && expiresAtWallMs <= nowMs
}
