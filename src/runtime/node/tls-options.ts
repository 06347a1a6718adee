// The port's TLS options as those of node:tls, checked. Here nothing is left to a default: the runtimes differ in theirs,
// and an environment variable changes them.

import type * as NodeCrypto from 'node:crypto'
import type * as NodeTls from 'node:tls'

import {
  HostError,
  type TlsClientOptions,
  type TlsIdentity,
  type TlsServerOptions,
  type TlsVersion,
} from '../host.ts'
import { isIpv6 } from './address.ts'

type Crypto = Pick<typeof NodeCrypto, 'X509Certificate' | 'createPrivateKey'>
type CheckServerIdentity = typeof NodeTls.checkServerIdentity

/** Certificates and the like as node:tls takes them. */
interface ContextSettings {
  readonly minVersion: TlsVersion
  readonly cert?: string
  readonly key?: string
  readonly ca?: string[]
}

/** What a client gives to node:tls and node:https. */
export interface ClientSettings extends ContextSettings {
  readonly rejectUnauthorized: boolean
  readonly servername: string
  readonly ALPNProtocols?: string[]
  readonly checkServerIdentity?: CheckServerIdentity
}

/** What a server gives to node:tls. */
export interface ServerSettings extends ContextSettings {
  readonly requestCert: boolean
  readonly rejectUnauthorized: boolean
}

/** What has been read, by its object of options. */
const materials = new WeakMap<object, ContextSettings>()

/**
 * The settings of a client.
 *
 * @param action what is tried, as a phrase after "Cannot"
 * @param host whom it connects to, in place of `serverName`
 */
export async function clientSettings(
  action: string,
  options: TlsClientOptions,
  host: string,
): Promise<ClientSettings> {
  const [{ checkServerIdentity }, crypto] = await Promise.all([import('node:tls'), import('node:crypto')])
  const name = options.serverName ?? host
  // An address is no name to ask for; one that stands in for another is compared here.
  const isAddress = isIpv6(name) || /^[\d.]+$/.test(name)
  const check = (): Pick<ClientSettings, 'checkServerIdentity'> => {
    if (options.verify === 'chain') return { checkServerIdentity: () => undefined }
    if (!isAddress || name === host) return {}
    return { checkServerIdentity: (_, certificate) => checkServerIdentity(name, certificate) }
  }
  return {
    ...materialOf(action, crypto, options),
    rejectUnauthorized: options.verify !== 'nothing',
    servername: isAddress ? '' : name,
    ...(options.alpn === undefined ? {} : { ALPNProtocols: [...options.alpn] }),
    // Only where it is needed: HTTPS connections with a check of one's own are not used again.
    ...check(),
  }
}

/** The settings of a server. `crypto` is node:crypto, loaded before, so that they can be replaced in one turn. */
export function serverSettings(action: string, crypto: Crypto, options: TlsServerOptions): ServerSettings {
  const { identity, clients, minVersion } = options
  const ca = clients === 'anyone' ? {} : { ca: clients.ca }
  const material = { identity, ...ca, ...(minVersion === undefined ? {} : { minVersion }) }
  return {
    ...materialOf(action, crypto, material, options),
    requestCert: clients !== 'anyone',
    rejectUnauthorized: true,
  }
}

type Material = Pick<TlsClientOptions, 'identity' | 'ca' | 'minVersion'>

/** Checked and in node's form; what is checked once is not checked again. Throws HostError. */
function materialOf(
  action: string,
  crypto: Crypto,
  material: Material,
  key: object = material,
): ContextSettings {
  refuseUnsafeEnvironment(action)
  const known = materials.get(key)
  if (known !== undefined) return known
  const { identity, ca, minVersion } = material
  const check = new Check(action, crypto)
  const read: ContextSettings = {
    minVersion: minVersion ?? 'TLSv1.2',
    ...(identity === undefined ? {} : check.identity(identity)),
    ...(ca === undefined ? {} : { ca: check.certificates('authorities', ca) }),
  }
  materials.set(key, read)
  return read
}

/** The variable is for experiments, and switches verification off in places that we cannot see. */
function refuseUnsafeEnvironment(action: string): void {
  if (process.env['NODE_TLS_REJECT_UNAUTHORIZED'] !== '0') return
  throw new HostError(
    'ERR_TLS_UNSAFE_ENVIRONMENT',
    `Cannot ${action}: NODE_TLS_REJECT_UNAUTHORIZED is 0 in the environment, which takes verification away; unset it`,
  )
}

/** Reads PEM text, because one runtime would take anything and fail with the first connection. */
class Check {
  readonly #action: string
  readonly #crypto: Crypto

  constructor(action: string, crypto: Crypto) {
    this.#action = action
    this.#crypto = crypto
  }

  identity({ cert, key }: TlsIdentity): TlsIdentity {
    const [first = ''] = this.certificates('certificate', cert)
    const leaf = new this.#crypto.X509Certificate(first)
    const privateKey = this.#reading('key', () => this.#crypto.createPrivateKey(key))
    if (!leaf.checkPrivateKey(privateKey)) throw this.#refused('the key is not that of the certificate')
    return { cert, key }
  }

  /** The certificates of a text, each by itself. */
  certificates(what: string, pem: string): string[] {
    const found = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
    if (found.length === 0) throw this.#refused(`the ${what} holds no certificate in PEM form`)
    for (const one of found) this.#reading(what, () => new this.#crypto.X509Certificate(one))
    return [...found]
  }

  #reading<T>(what: string, read: () => T): T {
    try {
      return read()
    } catch (error) {
      throw this.#refused(`the ${what} cannot be read as PEM`, error)
    }
  }

  #refused(reason: string, cause?: unknown): HostError {
    return new HostError('ERR_TLS_MATERIAL', `Cannot ${this.#action}: ${reason}`, cause)
  }
}
