// The client's way to one agent: addresses, tokens, sending, and failures with the reference's texts.

/** The platform's fetch, as the host offers it; `unixPath` names a socket in place of a host and port. */
export type Fetch = (url: string, options: FetchOptions) => Promise<Response>

/** Options of a fetch. */
export interface FetchOptions {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: RequestBody
  readonly signal?: AbortSignal
  readonly unixPath?: string
}

/** What can be sent: bytes and text as a whole, a stream piece by piece. */
export type RequestBody = Uint8Array | string | ReadableStream<Uint8Array>

/** The agent answered, but not with success. */
export class ApiError extends Error {
  override readonly name: string = 'ApiError'
  readonly status: number
  readonly body: string
  constructor(status: number, body: string) {
    super(`Unexpected response code: ${status} (${body})`)
    this.status = status
    this.body = body
  }
}

/**
 * The agent says that it cannot tell whether the write was carried out: the leader was lost while it was being
 * committed. It may take effect, once, now or later; only reading tells.
 */
export class IndeterminateError extends ApiError {
  override readonly name: string = 'IndeterminateError'
}

/**
 * The agent could not be reached or did not finish its answer. A write may have been carried out, unless the connection
 * was never made (`ECONNREFUSED` and the like).
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  /** The platform's code, such as `ECONNREFUSED`; '' if there was none. */
  readonly code: string
  constructor(message: string, code: string, cause: unknown) {
    super(message, { cause })
    this.code = code
  }
}

/** A request to be sent. Undefined parameters are left out; a list repeats its parameter. */
export interface RequestSpec {
  readonly method?: 'GET' | 'PUT' | 'POST' | 'DELETE'
  readonly path: string
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly body?: RequestBody
  /** Beside those of the connection. */
  readonly headers?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** Statuses that are answers although they are not 200. */
  readonly alsoAccept?: number | readonly number[]
}

/** Waits; see `Connection.pause`. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>

/** A way to one agent. */
export interface Connection {
  readonly datacenter: string | undefined
  /** Pauses for so many milliseconds; ends early, without failing, when the signal aborts. */
  readonly pause: Pause
  /** A number from 0 up to 1, for jitter. */
  readonly random: () => number
  /** Monotonic milliseconds. */
  readonly nowMs: () => number
  /** Sends a request; rejects with ApiError or ConnectionError. The body is still to be read. */
  send(request: RequestSpec): Promise<Response>
}

/** Prepares the way to an agent. Throws an Error when the address has an unknown scheme. */
export function connect(options: {
  readonly address: string
  readonly token?: string
  readonly datacenter?: string
  readonly fetch?: Fetch
  readonly pause?: Pause
  readonly random?: () => number
  readonly nowMs?: () => number
}): Connection {
  const target = parseTarget(options.address)
  const headers: Record<string, string> = {}
  if (options.token !== undefined && options.token !== '') headers['X-Consul-Token'] = options.token
  const fetch = options.fetch ?? platformFetch
  return {
    datacenter: options.datacenter === '' ? undefined : options.datacenter,
    pause: options.pause ?? pause,
    random: options.random ?? Math.random,
    nowMs: options.nowMs ?? (() => performance.now()),
    async send(request) {
      const response = await attempt(fetch, { target, headers, request })
      if (response.status === 200 || isAccepted(response.status, request.alsoAccept)) return response
      throw await failureOf(response)
    },
  }
}

function isAccepted(status: number, accepted: RequestSpec['alsoAccept']): boolean {
  return typeof accepted === 'object' ? accepted.includes(status) : accepted === status
}

async function failureOf(response: Response): Promise<Error> {
  const { status } = response
  let body = ''
  try {
    body = await response.text()
  } catch {
    // The status says enough.
  }
  const isUnknown = response.headers.get('x-consul-outcome') === 'unknown'
  return isUnknown ? new IndeterminateError(status, body) : new ApiError(status, body)
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve()
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, ms)
    signal?.addEventListener('abort', end)
  })
}

/** The runtime's own fetch. It has no way to unix sockets, but for Bun's. */
function platformFetch(url: string, { unixPath, body, ...options }: FetchOptions): Promise<Response> {
  const init: RequestInit & { readonly unix?: string; readonly duplex?: 'half' } = {
    ...options,
    ...(body !== undefined && { body: body as BodyInit }),
    ...(body instanceof ReadableStream && { duplex: 'half' }),
    ...(unixPath !== undefined && { unix: unixPath }),
  }
  if (unixPath !== undefined && !('Bun' in globalThis)) {
    return Promise.reject(new Error(`this runtime's fetch cannot use unix sockets; hand in another fetch`))
  }
  return globalThis.fetch(url, init)
}

/** Where requests go. */
interface Target {
  /** Scheme, host and port (and a path to put in front, if the address had one). */
  readonly base: string
  /** The base as the reference's messages show it. */
  readonly shown: string
  /** As a dial error names it: `tcp 127.0.0.1:8500`, `unix /path`. */
  readonly dialled: string
  readonly unixPath: string | undefined
}

function parseTarget(address: string): Target {
  const separator = address.indexOf('://')
  const scheme = separator < 0 ? 'http' : address.slice(0, separator)
  const rest = (separator < 0 ? address : address.slice(separator + 3)).replace(/\/+$/, '')
  switch (scheme) {
    case 'http':
    case 'https': {
      const host = rest.split('/', 1)[0] ?? ''
      const port = scheme === 'https' ? 443 : 80
      const dialled = /:\d+$/.test(host) ? host : `${host}:${port}`
      const base = `${scheme}://${rest}`
      return { base, shown: base, dialled: `tcp ${dialled}`, unixPath: undefined }
    }
    case 'unix':
      return {
        base: 'http://localhost',
        shown: `http://${encodeURIComponent(rest)}`,
        dialled: `unix ${rest}`,
        unixPath: rest,
      }
    default:
      throw new Error(`Unknown protocol scheme: ${scheme}`)
  }
}

function queryString(query: RequestSpec['query']): string {
  if (query === undefined) return ''
  const parts: string[] = []
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const text of typeof value === 'string' ? [value] : value) {
      parts.push(`${name}=${encodeURIComponent(text)}`)
    }
  }
  return parts.length === 0 ? '' : `?${parts.join('&')}`
}

interface Attempt {
  readonly target: Target
  readonly headers: Readonly<Record<string, string>>
  readonly request: RequestSpec
}

async function attempt(fetch: Fetch, { target, headers, request }: Attempt): Promise<Response> {
  const method = request.method ?? 'GET'
  const path = request.path + queryString(request.query)
  try {
    return await fetch(target.base + path, {
      method,
      headers: request.headers === undefined ? headers : { ...headers, ...request.headers },
      ...(request.body !== undefined && { body: request.body }),
      ...(request.signal !== undefined && { signal: request.signal }),
      ...(target.unixPath !== undefined && { unixPath: target.unixPath }),
    })
  } catch (cause) {
    if (request.signal?.aborted === true) throw cause
    const verb = method.charAt(0) + method.slice(1).toLowerCase()
    throw new ConnectionError(
      `${verb} "${target.shown}${path}": ${reason(cause, target)}`,
      codeOf(cause),
      cause,
    )
  }
}

/** What the reference's client says of a failure to connect. */
function reason(cause: unknown, target: Target): string {
  switch (codeOf(cause)) {
    case 'ECONNREFUSED':
    case 'ConnectionRefused':
      return `dial ${target.dialled}: connect: connection refused`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `dial tcp: lookup ${target.dialled.slice(4).replace(/:\d+$/, '')}: no such host`
    case 'ETIMEDOUT':
      return `dial ${target.dialled}: i/o timeout`
    case 'EHOSTUNREACH':
      return `dial ${target.dialled}: connect: no route to host`
    case 'ENETUNREACH':
      return `dial ${target.dialled}: connect: network is unreachable`
    case 'ENOENT':
      return `dial ${target.dialled}: connect: no such file or directory`
    case 'EACCES':
      return `dial ${target.dialled}: connect: permission denied`
    case 'ECONNRESET':
      return 'read: connection reset by peer'
    default:
      return cause instanceof Error ? cause.message : String(cause)
  }
}

/** The platform's code of an error, or of the error behind it. */
function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}
