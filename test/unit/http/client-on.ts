// A client of the app over a backend, and a time that stands still until a test moves it.
import { createApp } from '../../../src/http/app.ts'
import { type Client, createClient } from '../../../src/http/client.ts'
import type { Fetch, FetchOptions } from '../../../src/http/client/connection.ts'
import type { StateBackend } from './state-backend.ts'

/** Time of a client. */
export class ManualTime {
  #nowMs = 1000
  readonly #pauses = new Map<() => void, number>()

  nowMs = (): number => this.#nowMs

  pause = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted === true) return resolve()
      const end = (): void => {
        this.#pauses.delete(end)
        signal?.removeEventListener('abort', end)
        resolve()
      }
      this.#pauses.set(end, this.#nowMs + ms)
      signal?.addEventListener('abort', end)
    })

  /** Pauses that wait now, in ms from now. */
  get pending(): readonly number[] {
    return [...this.#pauses.values()].map((at) => at - this.#nowMs)
  }

  /** Moves on, ends what is due, and lets what follows happen. */
  async advance(ms: number): Promise<void> {
    await settled()
    const untilMs = this.#nowMs + ms
    for (;;) {
      const next = Math.min(...this.#pauses.values())
      if (next > untilMs) break
      this.#nowMs = next
      for (const [end, at] of this.#pauses) if (at <= next) end()
      await settled()
    }
    this.#nowMs = untilMs
    await settled()
  }
}

/** Lets everything that does not wait for time or a change happen. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 60; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** What stands between a client and the app. */
export interface Between {
  readonly time?: ManualTime
  /** Answers in place of the app; undefined: the app does. */
  readonly intercept?: (request: Request) => Promise<Response> | Response | undefined
}

/** Makes the client. */
export function clientOn(backend: StateBackend, { time, intercept }: Between = {}): Client {
  const app = createApp(backend)
  const fetch: Fetch = async (url, { unixPath: _unixPath, ...init }: FetchOptions) => {
    const request = new Request(url, init as RequestInit)
    const answer = intercept?.(request)
    return answer === undefined ? app(request, { ip: '127.0.0.1', port: 1 }) : answer
  }
  return createClient({
    address: 'http://127.0.0.1:8500',
    fetch,
    random: () => 0.5,
    ...(time !== undefined && { pause: time.pause, nowMs: time.nowMs }),
  })
}
