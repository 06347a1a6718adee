// Checks that ask for the health of a server or service by gRPC (grpc.health.v1.Health/Check).
import type { CheckRun } from '../../model/definition.ts'
import { HostError, type Http2Answer } from '../../runtime/host.ts'
import { Unresolved, isIp, resolve, split } from './dial.ts'
import { decodeServing, encodeRequest, type Serving } from './grpc-message.ts'
import type { RunParts, Runner } from './runner.ts'
import { critical, failureText } from './texts.ts'

type GrpcRun = Extract<CheckRun, { readonly type: 'grpc' }>

/** Bytes of an answer; one has a few. */
const bodyBytesMax = 4096

/** Makes one call. */
export const runGrpc: Runner<'grpc'> = async (run, parts) => {
  try {
    const answer = await call(run, parts)
    const serving = read(answer)
    if (serving === 'serving') return { status: 'passing', output: `gRPC check ${nameOf(run)}: success` }
    return critical("gRPC application didn't report service healthy")
  } catch (error) {
    const { code, text } = await failureOf(error, run, parts)
    return critical(`rpc error: code = ${code} desc = ${text}`)
  }
}

function nameOf({ address, service }: GrpcRun): string {
  return service === '' ? address : `${address}/${service}`
}

/** A call that failed, in the terms of gRPC. */
class GrpcFailure extends Error {
  readonly code: string
  constructor(code: string, text: string) {
    super(text)
    this.code = code
  }
}

function call(run: GrpcRun, { host, signal, tlsOptions }: RunParts): Promise<Http2Answer> {
  split(run.address)
  return host.http2.call(
    `${run.tls === null ? 'http' : 'https'}://${run.address}/grpc.health.v1.Health/Check`,
    {
      method: 'POST',
      headers: {
        'content-type': 'application/grpc',
        te: 'trailers',
        'grpc-timeout': `${run.timeoutMs}m`,
        'user-agent': 'Consul Health Check',
      },
      body: encodeRequest(run.service),
      bodyBytesMax,
      signal,
      ...(run.tls === null ? {} : { tls: tlsOptions(run.tls) }),
    },
  )
}

/** What an answer says. Throws GrpcFailure. */
function read(answer: Http2Answer): Serving {
  refuseOther(answer)
  const { headers, trailers, body } = answer
  const code = trailers['grpc-status'] ?? headers['grpc-status']
  if (code === undefined)
    throw new GrpcFailure('Internal', 'server closed the stream without sending trailers')
  if (code !== '0') {
    const message = trailers['grpc-message'] ?? headers['grpc-message'] ?? ''
    throw new GrpcFailure(codes[Number(code)] ?? `Code(${code})`, percentDecoded(message))
  }
  const serving = decodeServing(body)
  if (serving === null) throw new GrpcFailure('Internal', 'grpc: failed to unmarshal the received message')
  return serving
}

/** Throws GrpcFailure unless the answer is one of gRPC. */
function refuseOther({ status, headers }: Http2Answer): void {
  const type = headers['content-type'] ?? ''
  if (status === 200 && type.startsWith('application/grpc')) return
  const about = status === 200 ? 'OK' : (reasons[status] ?? '')
  const found = `transport: received the unexpected content-type ${JSON.stringify(type)}`
  throw new GrpcFailure(codesByStatus[status] ?? 'Unknown', `${about}: HTTP status code ${status}; ${found}`)
}

/** The names of the codes, by number. */
const codes: readonly string[] = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

/** What a status of HTTP means where gRPC was expected. */
const codesByStatus: Readonly<Record<number, string>> = {
  400: 'Internal',
  401: 'Unauthenticated',
  403: 'PermissionDenied',
  404: 'Unimplemented',
  429: 'Unavailable',
  502: 'Unavailable',
  503: 'Unavailable',
  504: 'Unavailable',
}

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

async function failureOf(
  error: unknown,
  run: GrpcRun,
  { host, signal }: RunParts,
): Promise<{ readonly code: string; readonly text: string }> {
  if (error instanceof GrpcFailure) return { code: error.code, text: error.message }
  if (signal.aborted) return { code: 'DeadlineExceeded', text: 'context deadline exceeded' }
  const code = 'Unavailable'
  if (error instanceof Unresolved) return { code, text: dialing(`dial tcp: ${error.message}`) }
  if (!(error instanceof HostError)) return { code: 'Internal', text: String(error) }
  if (error.code === 'ECONNRESET') return { code, text: 'transport is closing' }
  if (error.code === 'ERR_HTTP2_PROTOCOL') return { code, text: 'connection closed' }
  if (error.code === 'ERR_HTTP2_TOO_LARGE') return { code: 'ResourceExhausted', text: error.message }
  if (/^ERR_TLS_|^CERT_/.test(error.code)) {
    const reason = failureText(error, 'tcp', run.address)
    return { code, text: connecting(`transport: authentication handshake failed: ${reason}`) }
  }
  return { code, text: dialing(failureText(error, 'tcp', await targetOf(run, host))) }
}

/** The address that a name stands for, as far as that is known. */
async function targetOf(run: GrpcRun, host: RunParts['host']): Promise<string> {
  if (isIp(split(run.address).name)) return run.address
  const found = await resolve(host, run.address).catch(() => null)
  const [first] = found?.addresses ?? []
  return first === undefined ? run.address : `${first.ip}:${first.port}`
}

function dialing(reason: string): string {
  return connecting(`transport: Error while dialing ${reason}`)
}

function connecting(reason: string): string {
  return `connection error: desc = ${JSON.stringify(reason)}`
}
