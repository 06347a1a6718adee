// What the nodes of an `exec` write under its prefix: acknowledgements, output and exit codes, as they come.
import type { Client } from '../http/client.ts'
import { kvText } from '../http/client/values.ts'
import type { Context } from './command.ts'
import { tellLine } from './format.ts'

/** Where and how to look. */
export interface ExecWatchOptions {
  /** `prefix/session/`. */
  readonly base: string
  /** Nothing for so long is the end. */
  readonly waitMs: number
  /** Says who takes part. */
  readonly isVerbose: boolean
}

/** How it went. */
export interface ExecSummary {
  readonly acknowledged: number
  readonly completed: number
  /** The command failed somewhere. */
  readonly isFailed: boolean
}

/** Prints what nodes write, until nothing comes any more. */
export class ExecWatch {
  readonly #context: Context
  readonly #client: Client
  readonly #options: ExecWatchOptions
  readonly #seen = new Set<string>()
  #acknowledged = 0
  #completed = 0
  #isFailed = false

  constructor(context: Context, client: Client, options: ExecWatchOptions) {
    this.#context = context
    this.#client = client
    this.#options = options
    this.#seen.add(`${options.base}job`)
  }

  async run(interrupted: AbortSignal): Promise<ExecSummary> {
    let index = 0
    while (!interrupted.aborted) {
      const answer = await this.#keysAfter(index, interrupted)
      if (answer === null) break
      index = answer.index
      for (const key of inOrder(answer.keys.filter((name) => !this.#seen.has(name)))) await this.#take(key)
    }
    return { acknowledged: this.#acknowledged, completed: this.#completed, isFailed: this.#isFailed }
  }

  /** The keys when there are others; null when nothing has come for as long as is waited, or on an interruption. */
  async #keysAfter(
    index: number,
    interrupted: AbortSignal,
  ): Promise<{ readonly keys: readonly string[]; readonly index: number } | null> {
    const { clock } = this.#context.host
    const { base, waitMs } = this.#options
    const untilMs = clock.nowMs() + waitMs
    for (;;) {
      const leftMs = untilMs - clock.nowMs()
      if (leftMs <= 0 || interrupted.aborted) return null
      const end = new AbortController()
      const abort = (): void => end.abort()
      const cancel = clock.wakeAt(untilMs, abort)
      interrupted.addEventListener('abort', abort)
      try {
        const options = { index, wait: `${Math.ceil(leftMs)}ms`, signal: end.signal }
        const answer = await this.#client.kvKeys(base, options)
        const isNew = answer.value.some((key) => !this.#seen.has(key))
        if (isNew) return { keys: answer.value, index: answer.index }
        index = answer.index
      } catch (error) {
        if (end.signal.aborted) return null
        throw error
      } finally {
        cancel()
        interrupted.removeEventListener('abort', abort)
      }
    }
  }

  /** Prints what one key says. */
  async #take(key: string): Promise<void> {
    this.#seen.add(key)
    const rest = key.slice(this.#options.base.length)
    const slash = rest.indexOf('/')
    const [node, what] = [rest.slice(0, slash), rest.slice(slash + 1)]
    if (slash <= 0) return
    if (what === 'ack') {
      this.#acknowledged++
      const document = { Node: node, Acknowledged: true }
      if (this.#options.isVerbose) tellLine(this.#context, `==> ${node}: acknowledged`, document)
      return
    }
    const { value: pair } = await this.#client.kvGet(key)
    if (pair === null) return
    const text = kvText(pair)
    if (what === 'exit') this.#onExit(node, text)
    else if (what.startsWith('out/') && text !== '') {
      tellLine(this.#context, prefixed(node, text), { Node: node, Output: text })
    }
  }

  #onExit(node: string, text: string): void {
    this.#completed++
    if (text !== '0') this.#isFailed = true
    const document = { Node: node, ExitCode: Number(text) }
    tellLine(this.#context, `==> ${node}: finished with exit code ${text}`, document)
  }
}

/** Each node's acknowledgement first, then its output in order, then its end. */
function inOrder(keys: readonly string[]): readonly string[] {
  const rank = (key: string): string => (key.endsWith('/ack') ? '0' : key.endsWith('/exit') ? '2' : '1')
  const nodeOf = (key: string): string => key.replace(/\/(ack|exit|out\/[^/]*)$/, '')
  const sortKey = (key: string): string => `${nodeOf(key)}\0${rank(key)}${key}`
  return keys.toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1))
}

/** Output with its node in front of each line, as the reference prints it: blanks at the very end go. */
function prefixed(node: string, text: string): string {
  return `    ${node}: ${text.replaceAll('\n', `\n    ${node}: `)}`.trimEnd()
}
