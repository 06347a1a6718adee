// The programs that `lock` and `watch` run.
import { userShell } from '../agent/shell.ts'
import type { FlagValues } from '../config/flags.ts'
import type { ChildProcess, Host, ProcessResult, SignalName } from '../runtime/host.ts'

/** The program and its arguments: by a shell, or with -shell=false as they are. */
export function childCommand(words: readonly string[], flags: FlagValues, host: Host): readonly string[] {
  if (flags.has('shell') && !flags.bool('shell')) return words
  return [userShell(host.system), '-c', words.join(' ')]
}

/** How a program ended, in the reference's words; undefined for a good end. */
export function endOf({ code, signal }: ProcessResult): string | undefined {
  if (signal !== null) return `signal: ${signalWords[signal] ?? signal}`
  return code === 0 ? undefined : `exit status ${code ?? -1}`
}

/** What Go calls them. */
const signalWords: Readonly<Record<string, string>> = {
  SIGHUP: 'hangup',
  SIGINT: 'interrupt',
  SIGQUIT: 'quit',
  SIGABRT: 'aborted',
  SIGKILL: 'killed',
  SIGSEGV: 'segmentation fault',
  SIGPIPE: 'broken pipe',
  SIGTERM: 'terminated',
  SIGUSR1: 'user defined signal 1',
}

/** Between a signal that asks a program to end, and SIGKILL. */
const graceMs = 5000

/** Ends a program: by a signal that it can follow, then without asking. */
export class ChildEnder {
  readonly #host: Host
  readonly #child: ChildProcess
  readonly #say: (text: string) => void
  #cancel: (() => void) | undefined
  #isAsked = false

  constructor(host: Host, child: ChildProcess, say: (text: string) => void) {
    this.#host = host
    this.#child = child
    this.#say = say
  }

  /** Asks the program to end; asked a second time by a signal, it is killed. */
  end(why: string, signal: SignalName): void {
    if (this.#isAsked) return this.#kill()
    this.#isAsked = true
    this.#say(why)
    this.#say(`Terminating child pid ${this.#child.pid}`)
    this.#child.kill(signal)
    const { clock } = this.#host
    this.#cancel = clock.wakeAt(clock.nowMs() + graceMs, () => {
      this.#say(`Child did not exit after grace period of ${graceMs / 1000}s`)
      this.#kill()
    })
  }

  /** The program has ended. True if it was asked to. */
  ended(): boolean {
    this.#cancel?.()
    return this.#isAsked
  }

  #kill(): void {
    this.#say(`Killing child pid ${this.#child.pid}`)
    this.#child.kill('SIGKILL')
  }
}
