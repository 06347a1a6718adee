// The leader's backups (`snapshot_agent` of the configuration): one server makes them at any time.
import { err, ok, type Result } from '../lib/result.ts'
import type { Clock } from '../runtime/host.ts'
import type { Files } from '../runtime/host/files.ts'
import { writeArchive } from '../storage/archive.ts'
import type { Bytes } from '../storage/byte-stream.ts'
import { createBackups } from './backups.ts'
import type { LeaderDuties } from './leadership.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { HeldSnapshot } from './raft-snapshots.ts'

/** What the duty needs. */
export interface BackupDutyOptions {
  readonly files: Files
  readonly clock: Clock
  readonly directory: string
  readonly intervalMs: number
  readonly retain: number
  readonly take: () => Promise<Result<HeldSnapshot, string>>
  readonly log: Logger
  readonly metrics: Metrics
}

/** Makes the duty of one server. */
export function createBackupDuty(options: BackupDutyOptions): LeaderDuties {
  const { log, metrics, clock } = options
  const backups = createBackups({
    ...options,
    take: async () => {
      const taken = await options.take()
      return taken.ok ? ok(archiveOf(taken.value, clock)) : err(taken.error)
    },
    events: {
      onSaved({ path, index, bytes, ms }) {
        log.info('Saved and verified a backup', { path, index, bytes })
        metrics.count('snapshot_agent.saved')
        metrics.sample('snapshot_agent.save', ms)
        metrics.gauge('snapshot_agent.index', index)
      },
      onFailed(reason, failures) {
        log.error('Cannot make a backup; those that are there are kept', { error: reason, failures })
        metrics.count('snapshot_agent.failed')
      },
      onPruneFailed: (reason) => log.warn('Cannot remove an old backup', { error: reason }),
    },
  })
  let stopping: AbortController | null = null
  return {
    start() {
      if (stopping !== null) return
      stopping = new AbortController()
      void backups.run(stopping.signal)
    },
    stop() {
      stopping?.abort()
      stopping = null
    },
  }
}

/** An archive of a snapshot that is let go when the archive is made, or when nobody wants it any more. */
async function* archiveOf(snapshot: HeldSnapshot, clock: Clock): AsyncGenerator<Uint8Array> {
  const { meta, index } = snapshot
  try {
    const bytes: Bytes = writeArchive({
      snapshot: meta,
      index,
      wallMs: clock.wallMs(),
      state: snapshot.bytes(),
    })
    yield* bytes
  } finally {
    snapshot.release()
  }
}
