// Checks that send an HTTP request: the status of the answer is what it found.
import type { CheckStatus } from '../../model/catalog.ts'
import type { CheckOutcome, CheckRun } from '../../model/definition.ts'
import { HostError, type HttpFetchOptions } from '../../runtime/host.ts'
import { isIp } from './dial.ts'
import type { RunParts, Runner } from './runner.ts'
import { Tail, critical, failureText, textOf } from './texts.ts'

type HttpRun = Extract<CheckRun, { readonly type: 'http' }>

/** Redirects that are followed. */
const redirectsMax = 10
/** Bytes of a body that are read; what is kept of them are the last ones. */
const bodyBytesMax = 1024 * 1024
/** Pieces that a body may come in; more are not waited for. */
const bodyPiecesMax = 10_000

/** Sends one request over a connection of its own, follows redirects, and reads the answer's body within limits. */
export const runHttp: Runner<'http'> = async (run, parts) => {
  let at = run.url
  try {
    const first = checkedUrl(run.url)
    let request: Request = { url: first, method: run.method, headers: headersOf(run, true), body: run.body }
    for (let redirects = 0; ; redirects++) {
      at = redirects === 0 ? run.url : request.url.href
      const response = await send(run, request, parts)
      const next = run.followsRedirects ? redirected(run, request, response) : undefined
      if (next === undefined) return await outcomeOf(run, response, parts)
      await response.body?.cancel()
      if (redirects + 1 === redirectsMax) throw new Refused(`stopped after ${redirectsMax} redirects`)
      request = next
    }
  } catch (error) {
    const method = run.method.slice(0, 1) + run.method.slice(1).toLowerCase()
    return critical(`${method} "${at}": ${await reasonOf(error, at, parts)}`)
  }
}

interface Request {
  readonly url: URL
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A reason in the words of the output. */
class Refused extends Error {}

function checkedUrl(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    const { port } = /^\w+:\/\/[^/]*:(?<port>\d+)/.exec(text)?.groups ?? {}
    if (Number(port) > 65_535) throw new Refused(`dial tcp: address ${port}: invalid port`)
    throw new Refused('invalid URL')
  }
  const scheme = url.protocol.slice(0, -1)
  if (scheme !== 'http' && scheme !== 'https')
    throw new Refused(`unsupported protocol scheme ${JSON.stringify(scheme)}`)
  return url
}

/** The check's headers over those that every check sends. A custom Host is for the first server alone. */
function headersOf({ headers, url }: HttpRun, withHost: boolean): Readonly<Record<string, string>> {
  const all: Record<string, string> = {
    'user-agent': 'Consul Health Check',
    accept: 'text/plain, text/*, */*',
    'accept-encoding': 'identity',
  }
  const { username, password } = URL.canParse(url) ? new URL(url) : { username: '', password: '' }
  if (username !== '' || password !== '') {
    all['authorization'] = `Basic ${btoa(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`)}`
  }
  for (const [name, values] of Object.entries(headers)) {
    const key = name.toLowerCase()
    if (key === 'host' && !withHost) continue
    if (values.length > 0) all[key] = key === 'host' ? (values[0] ?? '') : values.join(', ')
  }
  return all
}

function send(run: HttpRun, request: Request, { host, signal, tlsOptions }: RunParts): Promise<Response> {
  const { url, method, headers, body } = request
  const bare = new URL(url)
  bare.username = ''
  bare.password = ''
  const options: HttpFetchOptions = {
    method,
    headers,
    signal,
    redirect: 'manual',
    keepAlive: false,
    ...(body === '' ? {} : { body }),
    ...(url.protocol === 'https:' ? { tls: tlsOptions(run.tls) } : {}),
  }
  return host.http.fetch(bare.href, options)
}

/** The next request of a redirect, or undefined when the answer is final. */
function redirected(run: HttpRun, request: Request, { status, headers }: Response): Request | undefined {
  const location = headers.get('location')
  if (location === null || ![301, 302, 303, 307, 308].includes(status)) return undefined
  const url = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined
  if (url === undefined) throw new Refused(`failed to parse Location header ${JSON.stringify(location)}`)
  if (!/^https?:$/.test(url.protocol))
    throw new Refused(`unsupported protocol scheme ${JSON.stringify(url.protocol.slice(0, -1))}`)
  const isSameHost = url.host === request.url.host
  const kept = { url, headers: isSameHost ? request.headers : foreignHeaders(run) }
  const keepsMethod = status >= 307 || request.method === 'GET' || request.method === 'HEAD'
  return keepsMethod ? { ...request, ...kept } : { ...kept, method: 'GET', body: '' }
}

/** What another host must not see stays here. */
function foreignHeaders(run: HttpRun): Readonly<Record<string, string>> {
  const { authorization: _a, cookie: _c, ...rest } = headersOf(run, false)
  return rest
}

async function outcomeOf(run: HttpRun, response: Response, parts: RunParts): Promise<CheckOutcome> {
  const body = await lastOf(response, parts)
  const reason = response.statusText === '' ? '' : response.statusText
  const output = `HTTP ${run.method} ${run.url}: ${response.status} ${reason} Output: ${textOf(body)}`
  return { status: statusOf(response.status), output }
}

function statusOf(status: number): CheckStatus {
  return status >= 200 && status < 300 ? 'passing' : status === 429 ? 'warning' : 'critical'
}

/** The last bytes of a body. One that never ends, or breaks off, counts as far as it came. */
async function lastOf(response: Response, { check, signal }: RunParts): Promise<Uint8Array> {
  const tail = new Tail(check.outputBytesMax)
  const reader = response.body?.getReader()
  if (reader === undefined) return tail.bytes()
  const stop = (): void => void reader.cancel().catch(() => undefined)
  signal.addEventListener('abort', stop)
  try {
    for (let pieces = 0; pieces < bodyPiecesMax && tail.total < bodyBytesMax && !signal.aborted; pieces++) {
      const { done, value } = await reader.read()
      if (done) break
      tail.add(value)
    }
  } catch {
    // It broke off. The reference takes the status for what it is, and so do we.
  } finally {
    signal.removeEventListener('abort', stop)
  }
  stop()
  return tail.bytes()
}

async function reasonOf(error: unknown, at: string, { host, signal }: RunParts): Promise<string> {
  if (error instanceof Refused) return error.message
  if (signal.aborted) return 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
  const url = new URL(at)
  const target = `${url.hostname}:${url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port}`
  const isName = !isIp(url.hostname.replace(/^\[|\]$/g, ''))
  // One of the runtimes says the same of both.
  if (isName && error instanceof HostError && error.code === 'ECONNREFUSED') {
    const ips = await host.names.lookup(url.hostname).catch(() => ['?'])
    if (ips.length === 0) return `dial tcp: lookup ${url.hostname}: no such host`
  }
  return failureText(error, 'tcp', target)
}
