// `raft/recovered.json`: a recovery may have lost writes, whose indexes and fencing tokens somebody may still hold. The
// file makes the leader raise all indexes before it takes the first write.
import type { Host } from '../runtime/host.ts'
import { HostError } from '../runtime/host.ts'
import { directoryOf, writeAtomically } from '../storage/atomic-file.ts'
import { describe, StartError } from './identity.ts'
import type { Store } from './store.ts'

/** So many indexes are left out: more than writes that were lost with the servers that are gone. */
export const raiseBy = 1_000_000

/** What a recovery has left to do. */
export interface RecoveryMark {
  /** True while indexes that were given out before the recovery could be given out again. */
  isDue(): boolean
  /** True while the file is there. */
  isThere(): boolean
  /** Removes the file; false if that failed. */
  clear(): Promise<boolean>
}

/** Nothing to do. */
export const noRecoveryMark: RecoveryMark = {
  isDue: () => false,
  isThere: () => false,
  clear: () => Promise.resolve(true),
}

/** Leaves the mark behind a recovery of a state whose last index is `index`. */
export async function writeRecoveryMark(host: Host, dataDir: string, index: number): Promise<void> {
  const known = (await readIndex(host, dataDir)) ?? 0
  const text = `${JSON.stringify({ index: Math.max(known, index) })}\n`
  await writeAtomically(host.files, markPath(dataDir), new TextEncoder().encode(text))
}

/** Reads the mark. Errors: StartError if it cannot be read: going on without it would give out indexes twice. */
export async function readRecoveryMark(
  host: Host,
  dataDir: string | null,
  store: Pick<Store, 'marks'>,
): Promise<RecoveryMark> {
  const index = dataDir === null ? null : await readIndex(host, dataDir)
  if (dataDir === null || index === null) return noRecoveryMark
  let isThere = true
  return {
    // Whoever led first has raised them for all.
    isDue: () => isThere && store.marks.restoredIndex <= index,
    isThere: () => isThere,
    async clear() {
      try {
        await host.files.remove(markPath(dataDir))
        await host.files.syncDirectory(directoryOf(markPath(dataDir)))
        isThere = false
        return true
      } catch {
        return false
      }
    },
  }
}

function markPath(dataDir: string): string {
  return `${dataDir}/raft/recovered.json`
}

async function readIndex(host: Host, dataDir: string): Promise<number | null> {
  const path = markPath(dataDir)
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(await host.files.read(path)))
    const index = typeof value === 'object' && value !== null && 'index' in value ? value.index : undefined
    if (!Number.isSafeInteger(index)) throw new Error('it holds no index')
    return index as number
  } catch (error) {
    if (error instanceof HostError && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null
    throw new StartError(`Cannot read "${path}": ${describe(error)}`)
  }
}
