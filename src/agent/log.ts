// The agent's log: lines in the reference's format, for the console, a file, and `monitor`.
import type { Clock } from '../runtime/host.ts'

/** Severity, least first. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error'

const rankByLevel: Readonly<Record<LogLevel, number>> = { trace: 0, debug: 1, info: 2, warn: 3, error: 4 }

/** Values that a line may carry; rendered as `key=value`, quoted when they hold blanks. */
export type LogFields = Readonly<Record<string, string | number | boolean | readonly string[]>>

/** A named source of log lines. */
export interface Logger {
  trace(message: string, fields?: LogFields): void
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
  /** A logger whose lines say `agent.name:`. */
  named(name: string): Logger
}

/** One line, not yet rendered. */
export interface LogEvent {
  readonly wallMs: number
  readonly level: LogLevel
  readonly name: string
  readonly message: string
  readonly fields: LogFields
}

/** Where events go: each sink has its own level. */
export interface LogSink {
  readonly level: LogLevel
  write(event: LogEvent): void
}

/** The agent's log with its sinks. */
export interface Log {
  readonly root: Logger
  /** True if any sink takes lines of this level: for those that are costly to make. */
  isHeard(level: LogLevel): boolean
  /** Adds a sink; returns what removes it. */
  attach(sink: LogSink): () => void
}

/** Parses a level by the reference's names; undefined if unknown. */
export function parseLogLevel(text: string): LogLevel | undefined {
  const lower = text.toLowerCase()
  if (lower === 'err') return 'error'
  return lower in rankByLevel ? (lower as LogLevel) : undefined
}

/** Makes a log without sinks. Events below every sink's level cost one comparison. */
export function createLog(clock: Clock): Log {
  const sinks = new Set<LogSink>()
  let lowest = Infinity
  const refresh = (): void => {
    lowest = Math.min(...[...sinks].map((sink) => rankByLevel[sink.level]), Infinity)
  }
  const emit = (level: LogLevel, name: string, message: string, fields: LogFields): void => {
    const rank = rankByLevel[level]
    if (rank < lowest) return
    const event: LogEvent = { wallMs: clock.wallMs(), level, name, message, fields }
    for (const sink of sinks) if (rank >= rankByLevel[sink.level]) sink.write(event)
  }
  return {
    root: makeLogger('agent', emit),
    isHeard: (level) => rankByLevel[level] >= lowest,
    attach(sink) {
      sinks.add(sink)
      refresh()
      return () => {
        sinks.delete(sink)
        refresh()
      }
    },
  }
}

type Emit = (level: LogLevel, name: string, message: string, fields: LogFields) => void

const none: LogFields = {}

function makeLogger(name: string, emit: Emit): Logger {
  return {
    trace: (message, fields = none) => emit('trace', name, message, fields),
    debug: (message, fields = none) => emit('debug', name, message, fields),
    info: (message, fields = none) => emit('info', name, message, fields),
    warn: (message, fields = none) => emit('warn', name, message, fields),
    error: (message, fields = none) => emit('error', name, message, fields),
    named: (child) => makeLogger(`${name}.${child}`, emit),
  }
}

/** `2026-01-02T03:04:05.678Z [INFO]  agent: message: key=value`, with the final newline. */
export function renderLogLine(event: LogEvent): string {
  const time = new Date(event.wallMs).toISOString()
  const level = `[${event.level.toUpperCase()}]`.padEnd(7)
  const fields = Object.entries(event.fields).map(([key, value]) => `${key}=${renderField(value)}`)
  const tail = fields.length === 0 ? '' : `: ${fields.join(' ')}`
  return `${printable(`${time} ${level} ${event.name}: ${event.message}${tail}`)}\n`
}

/** One JSON object in a line, with the reference's `@` keys (`-log-json`). */
export function renderLogJson(event: LogEvent): string {
  const head = {
    '@level': event.level,
    '@message': event.message,
    '@module': event.name,
    '@timestamp': new Date(event.wallMs).toISOString(),
  }
  return `${JSON.stringify({ ...head, ...event.fields })}\n`
}

function renderField(value: LogFields[string]): string {
  if (typeof value === 'object') return `[${value.join(', ')}]`
  const text = String(value)
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text
}

/** Names and outputs come from others: none may end a line, or speak to the terminal. */
function printable(line: string): string {
  return line.replace(
    /[\p{Cc}\u2028\u2029]/gu,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
