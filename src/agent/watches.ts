// Watches of an agent's configuration: each is kept up by a blocking query through the agent's own API, without a socket,
// and its handler is told of every change, one after the other.
import { createClient, type Client } from '../http/client.ts'
import { jsonBody } from '../http/client/requests.ts'
import type { Change } from '../http/client/watch.ts'
import { watchSubject } from '../http/client/watch-subject.ts'
import type { WatchDefinition, WatchHandler } from '../model/watch.ts'
import type { Host, HttpHandler } from '../runtime/host.ts'
import { capturedText } from './checks/texts.ts'
import { describe } from './identity.ts'
import type { Logger } from './log.ts'
import { Outages, type Sight } from './outages.ts'
import { never } from './requests.ts'
import { userShell } from './shell.ts'
import { sleep } from './sleep.ts'

/** The watches of one agent. */
export interface WatchDuty {
  /** Keeps up these and no others. Those that are there already go on as they are: their handlers do not run again. */
  set(watches: readonly WatchDefinition[]): void
  stop(): void
}

/** What watches are made of. */
export interface WatchDutyOptions {
  readonly host: Host
  /** The agent's own API. */
  readonly app: HttpHandler
  readonly random: { below(bound: number): number }
  readonly log: Logger
}

/** Bytes of a handler's output that are logged (reference: 4 KiB). */
const outputBytesMax = 4096

/** Makes the watches of one agent; none yet. */
export function createWatchDuty(options: WatchDutyOptions): WatchDuty {
  const running = new Map<string, AbortController>()
  const outages = new Outages(options.host.clock)
  return {
    set(watches) {
      const wanted = new Map(watches.map((watch) => [JSON.stringify(watch), watch]))
      for (const [key, ended] of running) {
        if (wanted.has(key)) continue
        ended.abort()
        running.delete(key)
      }
      for (const [key, watch] of wanted) {
        if (running.has(key)) continue
        const ended = new AbortController()
        running.set(key, ended)
        void keepUp({ ...options, sight: outages.sight() }, watch, ended.signal)
      }
    },
    stop() {
      for (const ended of running.values()) ended.abort()
      running.clear()
    },
  }
}

/** How long a watch rests after the API has refused it: it may be served after a reload, or an upgrade. */
const refusedPauseMs = 30_000

/** What one watch is kept up with. */
interface KeepOptions extends WatchDutyOptions {
  readonly sight: Sight
}

async function keepUp(options: KeepOptions, watch: WatchDefinition, signal: AbortSignal): Promise<void> {
  const { host, sight } = options
  const log = options.log.named('watch')
  const { subject, stale, datacenter } = watch
  const { type } = subject
  const client = clientOf(options, watch)
  const complain = (message: string, error: unknown, retryInMs: number): void => {
    const text = describe(error)
    // Every try that follows is there at DEBUG.
    const level = sight.onFailure(`${datacenter} ${text}`) ? 'error' : 'debug'
    log[level](message, { type, error: text, retry_ms: Math.ceil(retryInMs) })
  }
  const reads = {
    signal,
    stale,
    onError: (error: unknown, retryInMs: number) => complain('Cannot watch; trying again', error, retryInMs),
  }
  signal.addEventListener('abort', () => sight.end())
  while (!signal.aborted) {
    try {
      for await (const change of watchSubject(client, subject, reads)) {
        await tell(options, watch.handler, { change, signal, type })
      }
    } catch (error) {
      if (signal.aborted) return
      complain('The watch was refused', error, refusedPauseMs)
      await sleep(host.clock, refusedPauseMs, signal)
    }
  }
}

function clientOf(options: KeepOptions, { subject, token, datacenter }: WatchDefinition): Client {
  const { host, app, random, sight, log } = options
  return createClient({
    address: 'http://localhost',
    token,
    datacenter,
    async fetch(url, init = {}) {
      const { method, headers, body, signal } = init
      const request = new Request(url, {
        ...(method !== undefined && { method }),
        ...(headers !== undefined && { headers }),
        ...(body !== undefined && { body: body as string }),
        ...(signal !== undefined && { signal }),
      })
      const response = await app(request, { ip: '127.0.0.1', port: 0 })
      // What is not there (yet) is an answer too.
      const isAnswer = response.ok || response.status === 404
      if (isAnswer && sight.onAnswer()) log.named('watch').info('Watching again', { type: subject.type })
      return response
    },
    pause: (ms, signal) => sleep(host.clock, ms, signal ?? never),
    random: () => random.below(1_000_000) / 1_000_000,
    nowMs: () => host.clock.nowMs(),
  })
}

interface News {
  readonly change: Change<unknown>
  readonly type: string
  readonly signal: AbortSignal
}

/** Tells a handler of a change. What becomes of it is logged: the next change is told all the same. */
async function tell(options: WatchDutyOptions, handler: WatchHandler, news: News): Promise<void> {
  const log = options.log.named('watch')
  try {
    const output = await (handler.kind === 'http'
      ? post(options, handler, news)
      : run(options, handler, news))
    log.debug('Watch handler output', { type: news.type, output })
  } catch (error) {
    if (!news.signal.aborted) log.error('Watch handler failed', { type: news.type, error: describe(error) })
  }
}

async function run(
  { host }: WatchDutyOptions,
  handler: Exclude<WatchHandler, { readonly kind: 'http' }>,
  { change, signal }: News,
): Promise<string> {
  const command = handler.kind === 'program' ? handler.args : [userShell(host.system), '-c', handler.command]
  const {
    code,
    signal: ending,
    output,
    outputBytes,
  } = await host.processes.run(command, {
    env: { CONSUL_INDEX: change.indexText },
    stdin: new TextEncoder().encode(`${jsonBody(change.value)}\n`),
    output: 'capture',
    outputBytesMax,
    signal,
  })
  const shown = capturedText(output, outputBytes)
  if (code !== 0)
    throw new Error(`${ending === null ? `exit status ${code ?? -1}` : `signal ${ending}`}: ${shown}`)
  return shown
}

async function post(
  { host }: WatchDutyOptions,
  handler: WatchHandler & { readonly kind: 'http' },
  { change, signal }: News,
): Promise<string> {
  const headers = Object.entries(handler.headers).map(([name, values]) => [name, values.join(', ')] as const)
  const late = new AbortController()
  const { clock } = host
  const disarm = clock.wakeAt(clock.nowMs() + handler.timeoutMs, () =>
    late.abort(new Error(`no answer within ${handler.timeoutMs} ms`)),
  )
  try {
    const response = await host.http.fetch(handler.url, {
      method: handler.method,
      headers: {
        'Content-Type': 'application/json',
        ...Object.fromEntries(headers),
        'X-Consul-Index': change.indexText,
      },
      body: jsonBody(change.value),
      signal: AbortSignal.any([signal, late.signal]),
      ...(handler.skipVerify && { tls: { verify: 'nothing' } as const }),
    })
    const text = await firstOf(response)
    if (!response.ok) throw new Error(`status ${response.status}: ${text}`)
    return text
  } finally {
    disarm()
  }
}

/** The beginning of a body; the rest is not waited for. */
async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  const decoder = new TextDecoder()
  let text = ''
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += decoder.decode(part.value, { stream: true })
    if (text.length >= outputBytesMax) break
  }
  await reader.cancel()
  return text.slice(0, outputBytesMax)
}
