// The client of a command: its agent's address, token and datacenter from flags and environment variables.
import type { FlagValues } from '../config/flags.ts'
import { createClient, type Client } from '../http/client.ts'
import type { Fetch } from '../http/client/connection.ts'
import type { Host } from '../runtime/host.ts'
import { UsageError } from './command.ts'

/** Makes the client. Errors: UsageError when a flag or variable cannot be used. */
export async function clientFor(flags: FlagValues, host: Host): Promise<Client> {
  const { env } = host.system
  const address = agentAddress(flags, env)
  refuseTlsSettings(address, flags, env)
  refuseTenants(env)
  const token = await readToken(flags, host)
  const datacenter = flags.string('datacenter') ?? ''
  const auth = env['CONSUL_HTTP_AUTH'] ?? ''
  try {
    return createClient({
      address,
      token,
      datacenter,
      fetch: auth === '' ? (url, options) => host.http.fetch(url, options) : withBasicAuth(host, auth),
    })
  } catch (error) {
    throw new UsageError(`Cannot use the agent's address "${address}": ${messageOf(error)}`)
  }
}

type Environment = Readonly<Record<string, string | undefined>>

function agentAddress(flags: FlagValues, env: Environment): string {
  const given = flags.string('http-addr') ?? env['CONSUL_HTTP_ADDR'] ?? ''
  const address = given === '' ? '127.0.0.1:8500' : given
  const isHttps = isTrue(env['CONSUL_HTTP_SSL'])
  if (!address.includes('://')) return `${isHttps ? 'https' : 'http'}://${address}`
  // As in the reference: who asks for TLS gets it, whatever the address says.
  return isHttps ? address.replace(/^http:/, 'https:') : address
}

function isTrue(text: string | undefined): boolean {
  return text !== undefined && /^(1|t|true)$/i.test(text)
}

const tlsSettings: readonly (readonly [flag: string, variable: string])[] = [
  ['ca-file', 'CONSUL_CACERT'],
  ['ca-path', 'CONSUL_CAPATH'],
  ['client-cert', 'CONSUL_CLIENT_CERT'],
  ['client-key', 'CONSUL_CLIENT_KEY'],
  ['tls-server-name', 'CONSUL_TLS_SERVER_NAME'],
]

/** Over HTTPS these would be expected to have an effect; without it they have none. */
function refuseTlsSettings(address: string, flags: FlagValues, env: Environment): void {
  if (!address.startsWith('https:')) return
  for (const [flag, variable] of tlsSettings) {
    const isFlag = flags.has(flag)
    if (!isFlag && (env[variable] ?? '') === '') continue
    const name = isFlag ? `-${flag}` : variable
    throw new UsageError(`Cannot use ${name}: certificates of one's own are not supported yet; remove it`)
  }
  if (/^(0|f|false)$/i.test(env['CONSUL_HTTP_SSL_VERIFY'] ?? '')) {
    throw new UsageError(
      'Cannot use CONSUL_HTTP_SSL_VERIFY=false: certificates are always checked; remove it',
    )
  }
}

/** Ignoring these would answer for another namespace or partition. */
function refuseTenants(env: Environment): void {
  for (const variable of ['CONSUL_NAMESPACE', 'CONSUL_PARTITION']) {
    const name = env[variable] ?? ''
    if (name === '' || name === 'default') continue
    throw new UsageError(`Cannot use ${variable}=${name}: there is only the default one; unset the variable`)
  }
}

async function readToken(flags: FlagValues, host: Host): Promise<string> {
  const { env } = host.system
  const token = flags.string('token')
  if (token !== undefined && token !== '') return token
  const path = flags.string('token-file') ?? (env['CONSUL_HTTP_TOKEN'] ? '' : env['CONSUL_HTTP_TOKEN_FILE'])
  if (path === undefined || path === '') return env['CONSUL_HTTP_TOKEN'] ?? ''
  try {
    const absolute = path.startsWith('/') ? path : `${host.system.cwd}/${path}`
    return new TextDecoder().decode(await host.files.read(absolute)).trim()
  } catch (error) {
    throw new UsageError(`Cannot read the token file: ${messageOf(error)}`)
  }
}

function withBasicAuth({ http }: Host, userAndPassword: string): Fetch {
  const bytes = new TextEncoder().encode(
    userAndPassword.includes(':') ? userAndPassword : `${userAndPassword}:`,
  )
  const authorization = `Basic ${btoa(String.fromCharCode(...bytes))}`
  return (url, options) =>
    http.fetch(url, { ...options, headers: { ...options.headers, Authorization: authorization } })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
