// What archives are made from and restored into, without a cluster: a frozen state, and a log that applies at once.
import { encodeStateRecord } from '../../../src/codec/record-codec.ts'
import type { ImportOptions } from '../../../src/agent/snapshot-import.ts'
import type { ExportOptions } from '../../../src/agent/snapshot-export.ts'
import type { HeldSnapshot } from '../../../src/agent/raft-snapshots.ts'
import type { SnapshotActionsOptions } from '../../../src/agent/snapshot-actions.ts'
import type { Spool } from '../../../src/agent/spool.ts'
import { writeArchive } from '../../../src/storage/archive.ts'
import { snapshotParts } from '../../../src/storage/snapshot-file.ts'
import { ok } from '../../../src/lib/result.ts'
import type { Command } from '../../../src/model/command.ts'
import type { SnapshotMeta } from '../../../src/raft/message.ts'
import type { Logger } from '../../../src/agent/log.ts'
import { createState, type State } from '../../../src/state/state.ts'
import { TestClock } from './samples.ts'

const configuration = { servers: [{ id: 'a', address: '10.0.0.1:8300', suffrage: 'voter' as const }] }

/** A logger that says nothing. */
export const silentLogger: Logger = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  named: () => silentLogger,
}

/** A state with so many keys. */
export function stateWith(keys: number, prefix = 'key'): State {
  const state = createState()
  for (let i = 0; i < keys; i++) {
    const value = new TextEncoder().encode(`value ${i} ${'x'.repeat(i % 100)}`)
    const command = { kind: 'kvSet', key: `${prefix}/${i}`, value, flags: 0n, ttlMs: 0 } as const
    state.apply(i + 1, command, { wallMs: 0 })
  }
  return state
}

/** Keys of a state. */
export function keysOf(state: State, prefix = ''): readonly string[] {
  return state.query({ kind: 'kvKeys', prefix, separator: '' }).value
}

/** A snapshot of a state, as a server would hold it. */
export function heldSnapshot(state: State, onRelease: () => void = () => undefined): HeldSnapshot {
  const base: Omit<SnapshotMeta, 'size'> = {
    index: state.lastIndex,
    term: 2,
    configuration,
    configurationIndex: 1,
  }
  const records = [...state.snapshot().records()].map((record) => encodeStateRecord(record).slice())
  const parts = [...snapshotParts(base, records)]
  const size = parts.reduce((sum, part) => sum + part.length, 0)
  return {
    meta: { ...base, size },
    index: Math.max(1, state.lastIndex),
    async *bytes() {
      yield* parts
    },
    release: onRelease,
  }
}

/** The archive of a state. */
export async function archiveOf(state: State): Promise<Uint8Array> {
  const held = heldSnapshot(state)
  const parts: Uint8Array[] = []
  const source = { snapshot: held.meta, index: held.index, wallMs: 0, state: held.bytes() }
  for await (const part of writeArchive(source)) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

/** A spool in memory, with what it was told. */
export class TestSpool implements Spool {
  parts: Uint8Array[] = []
  isDropped = false

  get size(): number {
    return this.parts.reduce((sum, part) => sum + part.length, 0)
  }

  append(bytes: Uint8Array): Promise<void> {
    this.parts.push(bytes.slice())
    return Promise.resolve()
  }

  async *bytes(): AsyncGenerator<Uint8Array> {
    yield* this.parts
  }

  drop(): Promise<void> {
    this.isDropped = true
    return Promise.resolve()
  }
}

/** What restoring needs, over a state of one's own; commands are noted and applied. */
export function importParts(target: State): ImportOptions & {
  readonly clock: TestClock
  readonly commands: Command[]
  readonly spools: TestSpool[]
} {
  const commands: Command[] = []
  const spools: TestSpool[] = []
  let ids = 0
  let index = target.lastIndex
  return {
    clock: new TestClock(),
    commands,
    spools,
    newSpool() {
      const spool = new TestSpool()
      spools.push(spool)
      return Promise.resolve(spool)
    },
    newId: () => `restore-${++ids}`,
    isLeader: () => true,
    propose(command) {
      commands.push(command)
      return Promise.resolve(ok(target.apply(++index, command, { wallMs: 0 }).result))
    },
    log: silentLogger,
  }
}

/** Actions of a server that holds `state`, and restores into `target`. */
export function actionParts(state: State, target: State): SnapshotActionsOptions & ExportOptions {
  return {
    ...importParts(target),
    selfId: 'server-a',
    take: () => Promise.resolve(ok(heldSnapshot(state))),
    freshen: () => Promise.resolve(ok(undefined)),
    freshness: () => ({ knownLeader: true, lastContactMs: 0, epoch: '-0' }),
    askServer: () => Promise.reject(new Error('there is no other server')),
  }
}
