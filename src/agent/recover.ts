// The way back after the loss of a majority, for `operator recover`: what the data directory of a stopped server
// holds, and what is to be done, step by step.
import { ok, err, type Result } from '../lib/result.ts'
import { emptyConfiguration } from '../raft/configuration.ts'
import type { Configuration, Entry, ServerEntry } from '../raft/message.ts'
import type { Host } from '../runtime/host.ts'
import type { FileLock } from '../runtime/host/files.ts'
import { HostError } from '../runtime/host.ts'
import { inspectRaft } from '../storage/inspect.ts'
import { majorityOf, votersOf } from './autopilot-changes.ts'
import { describe } from './identity.ts'
import { endOf, peersPath, writePeers } from './peers-file.ts'

/** What a data directory holds. */
export interface RecoveryView {
  readonly dataDir: string
  /** This server's node ID. */
  readonly id: string
  readonly lastIndex: number
  readonly lastTerm: number
  /** The latest term that it has seen. */
  readonly term: number
  /** Index of the latest snapshot, 0 without one. */
  readonly snapshotIndex: number
  readonly configuration: Configuration
  readonly configurationIndex: number
  /** True if a `peers.json` waits for the next start. */
  readonly hasPeersFile: boolean
  /** Files that are damaged and not needed. */
  readonly damaged: readonly string[]
}

/**
 * Runs something while no agent can use the data directory. Errors, as a sentence: there is none, or an agent that
 * runs has it.
 */
export async function withDataDirectory<T>(
  host: Host,
  dataDir: string,
  work: () => Promise<Result<T, string>>,
): Promise<Result<T, string>> {
  let lock: FileLock | undefined
  try {
    await host.files.stat(`${dataDir}/raft`)
    lock = await host.files.lock(`${dataDir}/proconsul.lock`)
  } catch (error) {
    const isMissing = error instanceof HostError && error.code === 'ENOENT'
    const why = isMissing ? 'there is no data of a server in it' : describe(error)
    return err(`Cannot use the data directory "${dataDir}": ${why}`)
  }
  if (lock === undefined) {
    return err(`Cannot use the data directory "${dataDir}": an agent that is running has it; stop it first`)
  }
  try {
    return await work()
  } finally {
    await lock.release()
  }
}

/** Looks at a data directory; changes nothing. */
export async function lookAtServer(host: Host, dataDir: string): Promise<Result<RecoveryView, string>> {
  const id = await readText(host, `${dataDir}/node-id`)
  if (id === null) return err(`Cannot read "${dataDir}/node-id": the server's ID must be there`)
  const inspected = await inspectRaft(host.files, `${dataDir}/raft`)
  if (!inspected.ok) return err(inspected.error.message)
  const { restored, damaged } = inspected.value
  const last = endOf(restored)
  if (last.index === 0)
    return err(`There is nothing to recover in "${dataDir}": the log of this server is empty`)
  const { configuration, index } = latestConfiguration(restored.entries, restored.snapshot)
  return ok({
    dataDir,
    id: id.trim().toLowerCase(),
    lastIndex: last.index,
    lastTerm: last.term,
    term: Math.max(restored.hardState.term, last.term),
    snapshotIndex: restored.snapshot?.index ?? 0,
    configuration,
    configurationIndex: index,
    hasPeersFile: (await readText(host, peersPath(dataDir))) !== null,
    damaged: damaged.map((fault) => fault.message),
  })
}

async function readText(host: Host, path: string): Promise<string | null> {
  try {
    return new TextDecoder().decode(await host.files.read(path))
  } catch {
    return null
  }
}

interface Placed {
  readonly configuration: Configuration
  readonly index: number
}

function latestConfiguration(
  entries: readonly Entry[],
  snapshot: {
    readonly index: number
    readonly configuration: Configuration
    readonly configurationIndex: number
  } | null,
): Placed {
  const covered = snapshot?.index ?? 0
  const entry = entries.findLast((each) => each.kind === 'configuration' && each.index > covered)
  if (entry?.kind === 'configuration') return { configuration: entry.configuration, index: entry.index }
  if (snapshot === null) return { configuration: emptyConfiguration, index: 0 }
  return { configuration: snapshot.configuration, index: snapshot.configurationIndex }
}

/** This server's own place in the configuration; undefined if it has none. */
export function ownEntry({ configuration, id }: RecoveryView): ServerEntry | undefined {
  return configuration.servers.find((server) => server.id === id)
}

/** Makes this server the only voter at its next start. The error is a sentence. */
export async function writeRecovery(
  host: Host,
  view: RecoveryView,
  address: string,
): Promise<Result<string, string>> {
  try {
    await writePeers(host, view.dataDir, { servers: [{ id: view.id, address, suffrage: 'voter' }] })
    return ok(peersPath(view.dataDir))
  } catch (error) {
    return err(`Cannot write "${peersPath(view.dataDir)}": ${describe(error)}`)
  }
}

/** What was found, in lines. */
export function foundLines(view: RecoveryView): readonly string[] {
  const { servers } = view.configuration
  const voters = votersOf(view.configuration).length
  return [
    `Data directory:   ${view.dataDir}`,
    `Server:           ${view.id}`,
    `Last entry:       term ${view.lastTerm}, index ${view.lastIndex}`,
    `Latest term seen: ${view.term}`,
    `Latest snapshot:  ${view.snapshotIndex === 0 ? 'none' : `index ${view.snapshotIndex}`}`,
    `Configuration:    ${servers.length} servers, ${voters} of them vote, a majority is ${majorityOf(voters)} (index ${view.configurationIndex})`,
    ...servers.map(
      ({ id, address, suffrage }) =>
        `   ${id}  ${address}  ${suffrage}${id === view.id ? '  this server' : ''}`,
    ),
    ...view.damaged.map((message) => `Damaged:          ${message}`),
    ...(view.hasPeersFile
      ? [`Waiting:          ${peersPath(view.dataDir)} will be applied at the next start`]
      : []),
  ]
}

/** What to do, step by step. `program` is how the command is called. */
export function planLines(view: RecoveryView, program: string): readonly string[] {
  const majority = majorityOf(votersOf(view.configuration).length)
  const command = `${program} operator recover -data-dir=${view.dataDir}`
  return [
    `1. Can ${majority} of the servers above that vote be started again with their data? Then start them and stop here:`,
    '   the cluster goes on by itself and nothing is lost. Go on only if a majority is gone for ever.',
    '2. Stop the agents of all servers that are left. Those that are gone must never come back with their old data.',
    '3. Run this command on each server that is left, and compare "Last entry": the server to keep is the one with the',
    '   highest term; among those with the same term, the one with the highest index.',
    `   This server: term ${view.lastTerm}, index ${view.lastIndex}.`,
    '4. Save a copy of the data directory of the server to keep. Then, on that server alone, run',
    `      ${command} -yes`,
    '   It makes this server the only one that votes, from its next start on.',
    '5. Start its agent. It leads within seconds, with everything that its log holds. Lost are writes that only the',
    `   servers that are gone had: those behind index ${view.lastIndex}, if this is the server to keep. Writes that were`,
    '   under way when the majority was lost may turn out to have been carried out.',
    '6. On every other server: remove the data directory, then start the agent so that it joins this one. It gets all',
    `   data from here, and votes when it has been healthy for a while. Check with: ${program} operator autopilot state`,
  ]
}
