// `raft/peers.json` in a data directory: the servers that are to be the cluster from now on, put there by an operator
// when a majority is lost for ever. At its next start the server takes its whole log as committed, goes on from that
// with the new configuration, and puts the file aside.
import { decodeCommand } from '../codec/command-codec.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Limits } from '../model/limits.ts'
import type { StateRecord } from '../model/state-record.ts'
import { sorted } from '../raft/configuration.ts'
import type { RestoredLog } from '../raft/config.ts'
import type { LogPosition } from '../raft/events.ts'
import type { Configuration, Entry, ServerEntry } from '../raft/message.ts'
import type { Host } from '../runtime/host.ts'
import { HostError } from '../runtime/host.ts'
import { createState, restoreState, type State } from '../state/state.ts'
import { directoryOf, writeAtomically } from '../storage/atomic-file.ts'
import { describe, StartError } from './identity.ts'
import type { Logger } from './log.ts'
import { writeRecoveryMark } from './recovery-mark.ts'
import { openRaftStorage, type RaftStorage } from './raft-storage.ts'

/** What a recovery needs. */
export interface RecoveryOptions {
  readonly host: Host
  readonly dataDir: string | null
  readonly id: string
  readonly limits: Limits
  readonly log: Logger
}

/** Where the file is. */
export function peersPath(dataDir: string): string {
  return `${dataDir}/raft/peers.json`
}

/** The file for a configuration. */
export function peersText({ servers }: Configuration): string {
  const list = servers.map(({ id, address, suffrage }) => ({
    id,
    address,
    non_voter: suffrage === 'learner',
  }))
  return `${JSON.stringify(list, null, 2)}\n`
}

/** Writes the file durably. */
export async function writePeers(host: Host, dataDir: string, configuration: Configuration): Promise<void> {
  const bytes = new TextEncoder().encode(peersText(configuration))
  await writeAtomically(host.files, peersPath(dataDir), bytes, 0o600)
}

/**
 * Applies the file if it is there. Can be repeated after a crash at any point: the file goes last.
 *
 * Errors: StartError if the file is wrong, or there is no state to go on from; nothing was changed then.
 */
export async function recoverFromPeers(options: RecoveryOptions): Promise<void> {
  const { host, dataDir, id, limits, log } = options
  if (dataDir === null) return
  const path = peersPath(dataDir)
  const text = await readIfThere(host, path)
  if (text === null) return
  const configuration = parsePeers(text, id)
  if (!configuration.ok) throw new StartError(`Cannot recover from "${path}": ${configuration.error}`)
  const storage = await openRaftStorage(host, dataDir, limits, log)
  try {
    const last = await rewrite(storage, configuration.value, path)
    await writeRecoveryMark(host, dataDir, last.stateIndex)
    log.warn('Recovered with the servers of peers.json; the whole log counts as committed', {
      servers: configuration.value.servers.map((server) => server.id).join(' '),
      index: last.index,
      term: last.term,
    })
  } finally {
    await storage.close()
  }
  await host.files.rename(path, `${path}.applied`)
  await host.files.syncDirectory(directoryOf(path))
}

async function readIfThere(host: Host, path: string): Promise<string | null> {
  try {
    return new TextDecoder().decode(await host.files.read(path))
  } catch (error) {
    if (error instanceof HostError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw new StartError(`Cannot read "${path}": ${describe(error)}`)
  }
}

/** Reads the file (`[{"id", "address", "non_voter"}]`); the error is a sentence. */
export function parsePeers(text: string, selfId: string): Result<Configuration, string> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return err(`it is no JSON (${error instanceof Error ? error.message : String(error)})`)
  }
  if (!Array.isArray(value)) return err('it must be a list of objects with "id", "address" and "non_voter"')
  const servers: ServerEntry[] = []
  for (const [at, given] of value.entries()) {
    const server = serverFrom(given)
    if (!server.ok) return err(`server ${at + 1} of the list ${server.error}`)
    if (servers.some((known) => known.id === server.value.id)) return err(`${server.value.id} is in it twice`)
    servers.push(server.value)
  }
  if (!servers.some((server) => server.suffrage === 'voter')) return err('there is no voter in it')
  if (!servers.some((server) => server.id === selfId)) return err(`this server, ${selfId}, is not in it`)
  return ok(sorted(servers))
}

function serverFrom(given: unknown): Result<ServerEntry, string> {
  if (typeof given !== 'object' || given === null) return err('is no object')
  const { id, address, non_voter } = given as Record<string, unknown>
  if (typeof id !== 'string' || id === '') return err('has no "id": the node ID of a server')
  if (typeof address !== 'string' || !/^(\[[^\]]+\]|[^:]+):\d{1,5}$/.test(address))
    return err('has no "address": ip:port of its RPC port')
  if (non_voter !== undefined && typeof non_voter !== 'boolean')
    return err('has a "non_voter" that is neither true nor false')
  return ok({ id: id.toLowerCase(), address, suffrage: non_voter === true ? 'learner' : 'voter' })
}

/** A snapshot of all that the log holds, with the new configuration, takes the log's place. */
async function rewrite(
  storage: RaftStorage,
  configuration: Configuration,
  path: string,
): Promise<LogPosition & { readonly stateIndex: number }> {
  const { restored } = storage
  const last = endOf(restored)
  if (last.index === 0) {
    throw new StartError(
      `Cannot recover from "${path}": this server has no log and no snapshot to go on from; remove the file and let it join`,
    )
  }
  const position = { index: last.index, term: last.term }
  const state = await stateOf(storage, restored)
  const meta = { ...position, configuration, configurationIndex: position.index }
  await storage.save(meta, state.snapshot().records())
  await storage.persist({ hardState: restored.hardState, reset: position, entries: [] })
  return { ...position, stateIndex: state.lastIndex }
}

/** Where the log ends: at its last entry, or at the snapshot if that reaches further; index 0 without either. */
export function endOf({ entries, snapshot }: RestoredLog): LogPosition {
  const covered = snapshot ?? { index: 0, term: 0 }
  const last = entries.at(-1) ?? covered
  return last.index > covered.index ? last : covered
}

async function stateOf(storage: RaftStorage, restored: RestoredLog): Promise<State> {
  const taken: StateRecord[] = []
  await storage.load((records) => {
    for (const record of records) taken.push(record)
  })
  const state = restored.snapshot === null ? createState() : restoreState(taken)
  for (const entry of restored.entries) {
    if (entry.index > (restored.snapshot?.index ?? 0)) applyEntry(state, entry)
  }
  return state
}

function applyEntry(state: State, entry: Entry): void {
  if (entry.kind !== 'command') return
  const decoded = decodeCommand(entry.data)
  if (!decoded.ok) {
    throw new StartError(
      `Cannot recover: entry ${entry.index} of the log holds no command that this version knows; use the release that wrote it, or a later one`,
    )
  }
  state.apply(entry.index, decoded.value.command, decoded.value)
}
