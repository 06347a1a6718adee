// Who this agent is across restarts: its node ID, and the lock that keeps a second agent off its data.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Host } from '../runtime/host.ts'
import type { FileLock } from '../runtime/host/files.ts'
import { HostError } from '../runtime/host.ts'
import { writeAtomically } from '../storage/atomic-file.ts'

/** An error whose text is meant for the person who started the agent. */
export class StartError extends Error {
  override readonly name = 'StartError'
}

const uuidPattern = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** A random UUID (RFC 9562, version 4). */
export function randomUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes.subarray(0, 16), (byte, at) => {
    const value = at === 6 ? (byte & 0x0f) | 0x40 : at === 8 ? (byte & 0x3f) | 0x80 : byte
    return value.toString(16).padStart(2, '0')
  }).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}

/**
 * Prepares the data directory and takes its lock. Null without a data directory (`-dev`).
 * Errors: StartError, when it cannot be made, written, or another agent has it.
 */
export async function lockDataDirectory(host: Host, dataDir: string | null): Promise<FileLock | null> {
  if (dataDir === null) return null
  try {
    await host.files.mkdir(dataDir, 0o755)
    const lock = await host.files.lock(`${dataDir}/proconsul.lock`)
    if (lock !== undefined) return lock
  } catch (error) {
    throw new StartError(
      `Cannot use the data directory "${dataDir}": ${describe(error)}; choose another with -data-dir or change its owner`,
    )
  }
  throw new StartError(
    `Cannot use the data directory "${dataDir}": another agent that is running has it; stop that one or choose another -data-dir`,
  )
}

/** The node ID: configured, or kept in `node-id`, or made now and kept. Errors: StartError. */
export async function loadNodeId(host: Host, config: AgentConfig): Promise<string> {
  if (config.dataDir === null) return config.nodeId ?? randomUuid(host.entropy.bytes(16))
  const path = `${config.dataDir}/node-id`
  const stored = await readText(host, path)
  const known = stored?.trim().toLowerCase()
  if (known !== undefined && !uuidPattern.test(known)) {
    throw new StartError(
      `Cannot read the node ID from "${path}": "${known.slice(0, 60)}" is no UUID; remove the file to get a new ID`,
    )
  }
  const id = config.nodeId ?? known ?? randomUuid(host.entropy.bytes(16))
  if (id !== known) {
    try {
      await writeAtomically(host.files, path, new TextEncoder().encode(id), 0o600)
    } catch (error) {
      throw new StartError(`Cannot write the node ID to "${path}": ${describe(error)}`)
    }
  }
  return id
}

async function readText(host: Host, path: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await host.files.read(path))
  } catch (error) {
    if (error instanceof HostError && error.code === 'ENOENT') return undefined
    throw new StartError(`Cannot read "${path}": ${describe(error)}`)
  }
}

const words: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'not permitted',
  EROFS: 'the file system is read-only',
  ENOSPC: 'no space left on the device',
  ENOTDIR: 'a part of the path is no directory',
  EADDRINUSE: 'the address is in use by another program',
  EADDRNOTAVAIL: 'no interface of this machine has this address',
}

/** What to do when a listener cannot be made: the flags of its address and of its port. */
export function wayToListen(
  error: unknown,
  flags: { readonly address: string; readonly port: string },
): string {
  const code = error instanceof HostError ? error.code : ''
  if (code === 'EADDRNOTAVAIL') return `give an address of this machine with ${flags.address}`
  if (code === 'EACCES' || code === 'EPERM') return `use ${flags.port} above 1023`
  return `free the port or choose another with ${flags.port}`
}

/** A platform's failure in words. */
export function describe(error: unknown): string {
  if (error instanceof HostError) return words[error.code] ?? error.message
  return error instanceof Error ? error.message : String(error)
}
