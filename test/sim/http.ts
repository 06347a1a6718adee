// HTTP of the simulated hosts: a server is a function that the network calls. Bodies travel whole.
import {
  HostError,
  type Http,
  type HttpFetchOptions,
  type HttpHandler,
  type HttpListen,
} from '../../src/runtime/host.ts'
import type { Address } from '../../src/model/address.ts'
import type { Machine } from './machine.ts'
import { claims } from './ports.ts'
import type { SimProcess } from './process.ts'
import { addListener, type StreamListener } from './tcp.ts'
import type { World } from './world.ts'

/** Turns of the runtime that reading a request's body may take on any of them. */
const bodyTurns = 8

/** Servers by their listener: what a request to that port calls. */
export type HttpServers = Map<StreamListener, HttpHandler>

/** The HTTP port of a process. */
export function simHttp(world: World, machine: Machine, process: SimProcess): Http {
  return {
    serve: (at, handler) =>
      process.call(10, () => {
        if ('unixPath' in at) return serveUnix(at)
        const { local, close, listener } = addListener(machine, process, at)
        world.httpServers.set(listener, handler)
        return {
          local: local as HttpListen,
          close() {
            close()
            world.httpServers.delete(listener)
            return process.call(0, () => undefined)
          },
        }
      }),
    fetch: (url, options) => fetchFrom(world, { machine, process }, url, options),
  }
}

function serveUnix(at: HttpListen): { readonly local: HttpListen; close(): Promise<void> } {
  return { local: at, close: () => Promise.resolve() }
}

/** Who asks: a process, or a person at a machine whose life does not depend on any process. */
export interface Caller {
  readonly machine: Machine
  readonly process: SimProcess | null
}

/** An answer whose body has arrived. */
interface Arrived {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** Sends a request over the simulated network; it hangs while the way is cut, until its signal aborts. */
export function fetchFrom(
  world: World,
  caller: Caller,
  url: string,
  options: HttpFetchOptions,
): Promise<Response> {
  const { hostname, port } = new URL(url)
  const to = { ip: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 80 : Number(port) }
  const target = world.machineAt(to.ip, caller.machine)
  return new Promise((resolve, reject) => {
    const { scheduler } = world
    const abort = new AbortController()
    let isOver = false
    const finish = (act: () => void): void => {
      if (isOver) return
      isOver = true
      options.signal?.removeEventListener('abort', onAbort)
      if (caller.process === null) act()
      else caller.process.enter(act)
    }
    const fail = (code: string): void =>
      finish(() => reject(new HostError(code, `Cannot fetch ${url}: ${code}`)))
    const onAbort = (): void => {
      abort.abort()
      fail('ABORT_ERR')
    }
    options.signal?.addEventListener('abort', onAbort)
    if (options.signal?.aborted === true) return onAbort()
    if (target === undefined) return
    travel(world, { from: caller.machine, to: target, isOver: () => isOver }, () => {
      const listener = target.listenerAt(to, (one) => claims(one.local.ip, to.ip))
      const handler = listener === undefined ? undefined : world.httpServers.get(listener)
      const back = (act: () => void): void =>
        travel(world, { from: target, to: caller.machine, isOver: () => isOver }, act)
      if (listener === undefined || handler === undefined) return back(() => fail('ECONNREFUSED'))
      const release = listener.process.own(() => scheduler.after(1000, () => back(() => fail('ECONNRESET'))))
      listener.process.enter(() => {
        const from = caller.machine.sourceIp('', to.ip)
        const answered = answer(world, handler, buildRequest(url, options, abort.signal), {
          ip: from,
          port: 50_000,
        })
        world.deliverInOrder(answered, (arrived) => {
          release()
          back(() => finish(() => resolve(buildResponse(arrived))))
        })
      })
    })
  })
}

interface Trip {
  readonly from: Machine
  readonly to: Machine
  readonly isOver: () => boolean
}

/** Crosses the network once the way is open; gives up silently when nobody waits any more. */
function travel(world: World, trip: Trip, arrive: () => void): void {
  const { scheduler, links } = world
  const { from, to } = trip
  const attempt = (): void => {
    if (trip.isOver()) return
    if (from.isOn && to.isOn && links.isOpen(from.number, to.number)) arrive()
    else scheduler.after(500_000, attempt)
  }
  scheduler.after(links.segmentDelay(from.number, to.number, scheduler.nowMicros), attempt)
}

function buildRequest(url: string, options: HttpFetchOptions, signal: AbortSignal): Request {
  const { method = 'GET', headers = {}, body } = options
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return new Request(url, {
    method,
    headers: { ...headers },
    signal,
    ...(bytes === undefined ? {} : { body: bytes instanceof ReadableStream ? bytes : bytes.slice() }),
    ...(bytes instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
}

/** Calls the server and reads its whole answer. A rejection is the 500 that the port promises. */
async function answer(world: World, handler: HttpHandler, request: Request, from: Address): Promise<Arrived> {
  world.scheduler.needTurns(bodyTurns)
  let response: Response
  try {
    response = await handler(request, from)
  } catch {
    response = new Response(null, { status: 500 })
  }
  const reading = response.arrayBuffer()
  world.scheduler.trackTransient(reading)
  const body = new Uint8Array(await reading)
  return { status: response.status, headers: [...response.headers], body }
}

function buildResponse({ status, headers, body }: Arrived): Response {
  const isEmpty = status === 204 || status === 304
  return new Response(isEmpty ? null : body.slice(), { status, headers: headers.map(([k, v]) => [k, v]) })
}
