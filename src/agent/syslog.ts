// The agent's log in the system's log: datagrams of RFC 3164 to its socket.
import type { Host } from '../runtime/host.ts'
import type { UnixDatagramSocket } from '../runtime/host/unix-datagrams.ts'
import { describe, StartError } from './identity.ts'
import { renderLogLine, type LogEvent, type LogLevel } from './log.ts'

/** Where the system's log listens, by system. */
const paths: readonly string[] = ['/dev/log', '/var/run/syslog', '/var/run/log']

/** RFC 3164, 4.1.1. */
const facilities: Readonly<Record<string, number>> = {
  KERN: 0,
  USER: 1,
  MAIL: 2,
  DAEMON: 3,
  AUTH: 4,
  SYSLOG: 5,
  LPR: 6,
  NEWS: 7,
  UUCP: 8,
  CRON: 9,
  AUTHPRIV: 10,
  FTP: 11,
  LOCAL0: 16,
  LOCAL1: 17,
  LOCAL2: 18,
  LOCAL3: 19,
  LOCAL4: 20,
  LOCAL5: 21,
  LOCAL6: 22,
  LOCAL7: 23,
}

/** RFC 3164, 4.1.1: error, warning, informational, debug. */
const severities: Readonly<Record<LogLevel, number>> = { error: 3, warn: 4, info: 6, debug: 7, trace: 7 }

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** Bytes of a datagram; what is longer is cut (RFC 3164, 4.1: 1024; systemd and rsyslog take more). */
const datagramBytesMax = 8192

/** The system's log, opened. */
export interface Syslog {
  write(event: LogEvent): void
  close(): void
}

/** Opens the system's log. Errors: StartError where it cannot be reached from here. */
export async function openSyslog(host: Host, facility: string): Promise<Syslog> {
  const code = facilities[facility.toUpperCase()]
  if (code === undefined) throw new StartError(`Cannot log to syslog: there is no facility "${facility}"`)
  if (host.unixDatagrams === null) {
    throw new StartError(
      `Cannot log to syslog: this runtime (${host.runtime}) has no unix datagram sockets; use the executable, or log_file`,
    )
  }
  let socket: UnixDatagramSocket
  try {
    socket = await host.unixDatagrams.open()
  } catch (error) {
    throw new StartError(`Cannot log to syslog: ${describe(error)}`)
  }
  const path = await listening(host)
  if (path === null) {
    socket.close()
    throw new StartError(
      `Cannot log to syslog: nobody listens at ${paths.join(', ')}; is a syslog daemon running?`,
    )
  }
  const encoder = new TextEncoder()
  const { pid } = host.system
  return {
    write(event) {
      const head = `<${code * 8 + severities[event.level]}>${stamp(event.wallMs)} consul[${pid}]: `
      socket.send(encoder.encode(`${head}${body(event)}`).subarray(0, datagramBytesMax), path)
    },
    close: () => socket.close(),
  }
}

async function listening(host: Host): Promise<string | null> {
  for (const path of paths) {
    const found = await host.files.stat(path).catch(() => null)
    if (found?.kind === 'other') return path
  }
  return null
}

/** RFC 3164, 4.1.2: `Jan  2 03:04:05`; in UTC, as all our times. */
function stamp(wallMs: number): string {
  const time = new Date(wallMs)
  const day = String(time.getUTCDate()).padStart(2)
  return `${months[time.getUTCMonth()]} ${day} ${time.toISOString().slice(11, 19)}`
}

/** A line without its own time and newline. */
function body(event: LogEvent): string {
  return renderLogLine(event).replace(/^\S+ /, '').trimEnd()
}
