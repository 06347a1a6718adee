// The members we last saw alive, kept on disk so that an agent finds its cluster again after a crash.
// One file per pool: `serf/local.snapshot` (LAN) and `serf/remote.snapshot` (WAN).
import type { Member } from '../gossip/events.ts'
import type { Address } from '../model/address.ts'
import { dataVersion } from '../model/version.ts'
import type { Host } from '../runtime/host.ts'
import { writeAtomically } from '../storage/atomic-file.ts'
import type { Logger } from './log.ts'

/** What the file holds. */
export interface KnownMembers {
  /** Where to find the others. Empty after a graceful leave unless it may be undone (`rejoin_after_leave`). */
  readonly addresses: readonly Address[]
  /** True if the last thing we did was to leave. */
  readonly hasLeft: boolean
  readonly incarnation: number
  readonly lamportTime: number
}

/** A file that follows the pool. */
export interface KnownMembersFile {
  readonly restored: KnownMembers
  /** Notes that something changed; written within `delayMs`. */
  touch(): void
  /** We have left: writes that now, and nothing after it. */
  leave(): Promise<void>
  /** Writes what is not written yet; resolves when nothing is being written any more. */
  stop(): Promise<void>
}

/** Changes are gathered for this long before they are written: a lost second costs nothing, a write per event does. */
const delayMs = 1000
/** More addresses than this are not needed to find a cluster again. */
const addressesMax = 64

const nothing: KnownMembers = { addresses: [], hasLeft: false, incarnation: 0, lamportTime: 1 }

/** Opens the file of one pool. A damaged file is reported and ignored: it only speeds up finding the cluster. */
export async function openKnownMembers(
  host: Pick<Host, 'files' | 'clock'>,
  path: string,
  log: Logger,
  current: () => {
    readonly members: Iterable<Member>
    readonly incarnation: number
    readonly lamportTime: number
  },
): Promise<KnownMembersFile> {
  const restored = await restore(host, path, log)
  let disarm: (() => void) | null = null
  let isFirst = true
  let isFinal = false
  let writing: Promise<void> = Promise.resolve()

  const write = (hasLeft: boolean): Promise<void> => {
    disarm?.()
    disarm = null
    const text = render(current(), hasLeft)
    writing = writing
      .then(() => writeAtomically(host.files, path, new TextEncoder().encode(text), 0o600))
      .catch((error: unknown) => log.warn('Cannot write the known members', { path, error: String(error) }))
    return writing
  }
  return {
    restored,
    touch() {
      if (isFinal) return
      // The first news of a run is written at once: until then the file tells of the run before, perhaps of its leave.
      const waitMs = isFirst ? 0 : delayMs
      isFirst = false
      disarm ??= host.clock.wakeAt(host.clock.nowMs() + waitMs, () => void write(false))
    },
    leave() {
      isFinal = true
      return write(true)
    },
    async stop() {
      isFinal = true
      await (disarm === null ? writing : write(false))
    },
  }
}

async function restore(host: Pick<Host, 'files'>, path: string, log: Logger): Promise<KnownMembers> {
  let bytes: Uint8Array
  try {
    bytes = await host.files.read(path)
  } catch {
    return nothing
  }
  try {
    const file = JSON.parse(new TextDecoder().decode(bytes)) as Partial<KnownMembers> & { version?: number }
    if (file.version !== dataVersion) throw new Error(`version ${file.version}, expected ${dataVersion}`)
    return {
      addresses: (file.addresses ?? []).filter((a) => typeof a.ip === 'string' && Number.isInteger(a.port)),
      hasLeft: file.hasLeft === true,
      incarnation: Number(file.incarnation ?? 0),
      lamportTime: Number(file.lamportTime ?? 1),
    }
  } catch (error) {
    log.warn('Ignoring the file of known members', { path, error: String(error) })
    return nothing
  }
}

function render(
  now: { readonly members: Iterable<Member>; readonly incarnation: number; readonly lamportTime: number },
  hasLeft: boolean,
): string {
  const addresses: Address[] = []
  for (const member of now.members) {
    if (member.status === 'alive' && addresses.length < addressesMax) addresses.push(member.address)
  }
  const { incarnation, lamportTime } = now
  return `${JSON.stringify({ version: dataVersion, hasLeft, incarnation, lamportTime, addresses })}\n`
}
