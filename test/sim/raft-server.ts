// One simulated Raft server: its machine, its disk, its state; and the effects that concern files.
import type { RaftEffect } from '../../src/raft/events.ts'
import type { ServerId } from '../../src/raft/message.ts'
import type { Raft } from '../../src/raft/raft.ts'
import { LogImage, RaftDisk } from './raft-disk.ts'

/** One server: its machine while it runs, and what belongs to the machine's host. */
export interface SimServer {
  readonly id: ServerId
  readonly disk: RaftDisk
  raft: Raft | null
  /** The log as the machine has asked for it, durable or not. */
  image: LogImage
  /** Applied commands, in order. */
  state: string[]
  appliedIndex: number
  incoming: Uint8Array
  /** A snapshot is being written: nobody begins another one. */
  isSaving: boolean
  life: number
  wakeAtMs: number
  pausedUntilMs: number
  syncs: number
  wakes: number
}

/** What happened in a run, to show that it was worth something. */
export interface Counts {
  refused: number
  accepted: number
  reads: number
  leaseReads: number
  staleReads: number
  installs: number
  messages: number
  changes: number
  saves: number
  /** Times that a cluster of several became one server. */
  alone: number
}

/** Nothing has happened yet. */
export function newCounts(): Counts {
  return {
    refused: 0,
    accepted: 0,
    reads: 0,
    leaseReads: 0,
    staleReads: 0,
    installs: 0,
    messages: 0,
    changes: 0,
    saves: 0,
    alone: 0,
  }
}

/** A server that has never run. */
export function newServer(id: ServerId): SimServer {
  return {
    id,
    disk: new RaftDisk(),
    raft: null,
    image: new LogImage(),
    state: [],
    appliedIndex: 0,
    incoming: new Uint8Array(0),
    isSaving: false,
    life: 0,
    wakeAtMs: Infinity,
    pausedUntilMs: 0,
    syncs: 0,
    wakes: 0,
  }
}

const fileKinds = [
  'compact',
  'snapshotDue',
  'readSnapshotChunk',
  'writeSnapshotChunk',
  'restoreSnapshot',
] as const

/** Effects that are about snapshots and segments. */
export type FileEffect = Extract<RaftEffect, { readonly kind: (typeof fileKinds)[number] }>

/** True for effects that are about snapshots and segments. */
export function isFileEffect(effect: RaftEffect): effect is FileEffect {
  return fileKinds.some((kind) => kind === effect.kind)
}

/** An effect that is only to be seen, as a line of the trace; learners stand in brackets. */
export function lineOf(effect: RaftEffect): string {
  if (effect.kind !== 'configurationChanged') return JSON.stringify(effect)
  const { configuration, index, committed } = effect
  const names = configuration.servers.map(({ id, suffrage }) => (suffrage === 'voter' ? id : `(${id})`))
  return `configuration of ${index}${committed ? ', final' : ''}: ${names.join(' ')}`
}

const text = new TextDecoder()

/** The state that a snapshot holds. */
export function readState(bytes: Uint8Array): string[] {
  return JSON.parse(text.decode(bytes)) as string[]
}
