// Where the agent's log goes: the console, and a file if one is configured.
import type { AgentConfig } from '../config/agent-config.ts'
import type { AppendFile, Host } from '../runtime/host.ts'
import { renderLogJson, renderLogLine, type Log } from './log.ts'
import { describe, StartError } from './identity.ts'

/** Bytes that wait to be written to the log file; past it lines are dropped rather than memory grown. */
const queuedBytesMax = 1024 * 1024

/** Attaches the configured sinks; returns what flushes and detaches them. Errors: StartError. */
export async function attachSinks(log: Log, host: Host, config: AgentConfig): Promise<() => Promise<void>> {
  const render = config.log.json ? renderLogJson : renderLogLine
  const { level, file } = config.log
  const detachConsole = log.attach({ level, write: (event) => host.console.out(render(event)) })
  if (file === null) {
    return () => {
      detachConsole()
      return Promise.resolve()
    }
  }
  const writer = await openLogFile(host, file)
  const detachFile = log.attach({ level, write: (event) => writer.write(render(event)) })
  return async () => {
    detachConsole()
    detachFile()
    await writer.close()
  }
}

interface LogFile {
  write(line: string): void
  close(): Promise<void>
}

async function openLogFile(host: Host, path: string): Promise<LogFile> {
  let file: AppendFile
  try {
    file = await host.files.openAppend(path, 0o640)
  } catch (error) {
    throw new StartError(
      `Cannot write the log file "${path}": ${describe(error)}; choose another with -log-file`,
    )
  }
  const encoder = new TextEncoder()
  let queued = ''
  let writing: Promise<void> | null = null
  const flush = async (): Promise<void> => {
    while (queued !== '') {
      const text = queued
      queued = ''
      // A log file that cannot be written must not stop the agent.
      await file.append(encoder.encode(text)).catch(() => undefined)
    }
    writing = null
  }
  return {
    write(line) {
      if (queued.length < queuedBytesMax) queued += line
      writing ??= flush()
    },
    async close() {
      await writing
      await file.close().catch(() => undefined)
    },
  }
}
