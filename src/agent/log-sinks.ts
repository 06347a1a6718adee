// Where the agent's log goes: the console, a file and the system's log if they are configured.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Host } from '../runtime/host.ts'
import { openLogFile } from './log-file.ts'
import { openSyslog } from './syslog.ts'
import { renderLogJson, renderLogLine, type Log, type LogEvent, type LogLevel } from './log.ts'

/** The sinks of one agent. */
export interface LogSinks {
  /** Changes what is written from now on. */
  setLevel(level: LogLevel): void
  /** Writes what is queued and detaches all. */
  close(): Promise<void>
}

/** Attaches the configured sinks. Errors: StartError. */
export async function attachSinks(log: Log, host: Host, config: AgentConfig): Promise<LogSinks> {
  const { level, json, file, syslogFacility, ...rotation } = config.log
  const render = json ? renderLogJson : renderLogLine
  const writer = file === null ? null : await openLogFile(host, { path: file, ...rotation })
  const syslog = syslogFacility === null ? null : await openSyslog(host, syslogFacility)
  const write = (event: LogEvent): void => {
    const line = render(event)
    host.console.out(line)
    writer?.write(line)
    syslog?.write(event)
  }
  let detach = log.attach({ level, write })
  return {
    setLevel(next) {
      detach()
      detach = log.attach({ level: next, write })
    },
    async close() {
      detach()
      await writer?.close()
      syslog?.close()
    },
  }
}
