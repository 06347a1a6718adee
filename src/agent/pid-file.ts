// The file that tells others the number of this process (`pid_file`).
import type { Host } from '../runtime/host.ts'
import { describe, StartError } from './identity.ts'

/** The pid file of one agent. */
export interface PidFile {
  /** Writes it, if one is configured. Errors: StartError. */
  write(): Promise<void>
  /** Removes what `write` has written, and nothing else: another agent's file may have the same name. */
  remove(): Promise<void>
}

/** Makes the file's handle; `path` is null if none is configured. */
export function createPidFile(host: Pick<Host, 'files' | 'system'>, path: string | null): PidFile {
  let isWritten = false
  return {
    async write() {
      if (path === null) return
      try {
        await host.files.write(path, new TextEncoder().encode(`${host.system.pid}`), 0o644)
        isWritten = true
      } catch (error) {
        throw new StartError(
          `Cannot write the pid file "${path}": ${describe(error)}; choose another with -pid-file`,
        )
      }
    },
    async remove() {
      if (path === null || !isWritten) return
      isWritten = false
      await host.files.remove(path).catch(() => undefined)
    },
  }
}
