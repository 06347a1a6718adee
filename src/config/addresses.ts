// Which addresses the agent binds, advertises and serves clients on. Templates are expanded here, wildcards resolved
// to the one address that others can be told, and what cannot be decided becomes a problem that says what was found.
import { formatAddress, isSameAddress, type Address } from '../model/address.ts'
import type { AdvertisedAddresses, BindAddresses, HttpListenAddress, PortNumbers } from './agent-config.ts'
import { isPrivateV4, isPublicV6, isV6, isWildcard, normaliseIp, type InterfaceAddress } from './ip.ts'
import type { KeysOf, SettingKey } from './settings.ts'
import { expandTemplate, type Machine } from './template.ts'
import type { Values } from './values.ts'

/** All that concerns addresses in the agent's configuration. */
export interface ResolvedAddresses {
  readonly bind: BindAddresses
  readonly advertise: AdvertisedAddresses
  readonly httpListen: readonly HttpListenAddress[]
  readonly dnsListen: readonly Address[]
  readonly taggedAddresses: Readonly<Record<string, string>>
}

/** Resolves every address setting; problems are noted in `values`. */
export function resolveAddresses(values: Values, ports: PortNumbers, machine: Machine): ResolvedAddresses {
  const resolver = new Resolver(values, machine)
  const bindIp = resolver.one('bind_addr') ?? '127.0.0.1'
  const server = values.bool('server')
  const bind: BindAddresses = {
    serfLan: { ip: resolver.one('serf_lan') ?? bindIp, port: ports.serfLan },
    serfWan:
      server && ports.serfWan > 0 ? { ip: resolver.one('serf_wan') ?? bindIp, port: ports.serfWan } : null,
    rpc: { ip: bindIp, port: ports.server },
  }
  const lan = resolver.advertised('advertise_addr') ?? resolver.reachable(bindIp)
  const advertise = { lan, wan: resolver.advertised('advertise_addr_wan') ?? lan }
  const resolved = {
    bind,
    advertise,
    httpListen: ports.http > 0 ? resolver.listeners('addresses.http', ports.http) : [],
    dnsListen: ports.dns > 0 ? resolver.listeners('addresses.dns', ports.dns).flatMap(tcpOnly) : [],
    taggedAddresses: taggedAddresses(resolver, values, advertise),
  }
  refuseSharedSockets(values, resolved)
  return resolved
}

function tcpOnly(address: HttpListenAddress): readonly Address[] {
  return 'unixPath' in address ? [] : [address]
}

type AddressKey = KeysOf<'string'>

class Resolver {
  readonly #values: Values
  readonly #machine: Machine

  constructor(values: Values, machine: Machine) {
    this.#values = values
    this.#machine = machine
  }

  /** Exactly one IP address, or undefined when the setting is absent or wrong. */
  one(key: AddressKey): string | undefined {
    const words = this.#words(key)
    if (words === undefined) return undefined
    if (words.length !== 1) {
      this.#values.refuse(
        key,
        `${key} must be one IP address, but ${this.#given(key)} gives ${listWords(words)}`,
      )
      return undefined
    }
    return this.#literal(key, words[0] ?? '')
  }

  /** One IP address that others can dial. */
  advertised(key: AddressKey): string | undefined {
    const ip = this.one(key)
    if (ip === undefined || !isWildcard(ip)) return ip
    this.#values.refuse(
      key,
      `${key} cannot be ${ip}: other agents need the one address that reaches this one`,
    )
    return undefined
  }

  /** The address to tell others for a bind address: itself, or for a wildcard the only one there is. */
  reachable(bindIp: string): string {
    if (!isWildcard(bindIp)) return bindIp
    const { interfaces } = this.#machine
    const isUsable = isV6(bindIp) ? isPublicV6 : isPrivateV4
    const found = interfaces.filter(({ ip, isLoopback }) => !isLoopback && isUsable(ip))
    const ips = [...new Set(found.map(({ ip }) => ip))]
    const [only] = ips
    if (only !== undefined && ips.length === 1) return only
    // A machine without any network: the agent can still serve itself.
    if (interfaces.every(({ isLoopback }) => isLoopback)) return isV6(bindIp) ? '::1' : '127.0.0.1'
    this.#values.problem({
      source: this.#values.source('bind_addr'),
      message: undecided(bindIp, found, interfaces),
    })
    return bindIp
  }

  /** The listeners of a client-facing server: its own setting, or else `client_addr`. */
  listeners(key: 'addresses.http' | 'addresses.dns', port: number): readonly HttpListenAddress[] {
    const from: AddressKey = this.#values.string(key) === '' ? 'client_addr' : key
    const words = this.#words(from) ?? []
    if (words.length === 0)
      this.#values.refuse(from, `${from} names no address: ${this.#given(from)} is empty`)
    return words.flatMap((word) => this.#listener(key, from, word, port))
  }

  #listener(
    key: 'addresses.http' | 'addresses.dns',
    from: AddressKey,
    word: string,
    port: number,
  ): readonly HttpListenAddress[] {
    const unixPath = /^unix:\/\/(.+)$/.exec(word)?.[1]
    if (unixPath !== undefined) {
      if (key === 'addresses.http') return [this.#unixSocket(unixPath)]
      this.#values.refuse(from, 'DNS cannot listen on a unix socket; give an IP address')
      return []
    }
    const ip = this.#literal(from, word)
    return ip === undefined ? [] : [{ ip, port }]
  }

  #unixSocket(unixPath: string): HttpListenAddress {
    const mode = this.#values.string('unix_sockets.mode')
    if (mode === '') return { unixPath }
    if (/^[0-7]{3,4}$/.test(mode)) return { unixPath, mode: Number.parseInt(mode, 8) }
    this.#values.refuse('unix_sockets.mode', `unix_sockets.mode must be octal, such as "0660", not "${mode}"`)
    return { unixPath }
  }

  /** The words of a setting after its templates are expanded; undefined when it is absent or a template is wrong. */
  #words(key: AddressKey): readonly string[] | undefined {
    const text = this.#values.string(key)
    if (text === '' && !this.#values.isSet(key)) return undefined
    const expanded = expandTemplate(text, this.#machine)
    if (expanded.ok) return expanded.value.split(/\s+/).filter((word) => word !== '')
    this.#values.refuse(key, `Cannot expand ${this.#given(key)} for ${key}: ${expanded.error}`)
    return undefined
  }

  #literal(key: SettingKey, word: string): string | undefined {
    const ip = normaliseIp(word)
    if (ip === undefined) {
      this.#values.refuse(
        key,
        `${key} must be an IP address or a template such as {{ GetPrivateIP }}, not "${word}"`,
      )
    }
    return ip
  }

  #given(key: AddressKey): string {
    return `"${this.#values.string(key)}"`
  }
}

function listWords(words: readonly string[]): string {
  return words.length === 0 ? 'none' : words.join(' and ')
}

/** Why no single address could be chosen, what there is, and what to do. */
function undecided(
  bindIp: string,
  found: readonly InterfaceAddress[],
  interfaces: readonly InterfaceAddress[],
): string {
  const kind = isV6(bindIp) ? 'public IPv6' : 'private IPv4'
  const way = 'choose one with -bind or -advertise (bind_addr, advertise_addr)'
  if (found.length > 0) {
    return `Multiple ${kind} addresses found, so the one to tell other agents is unclear: ${places(found)}; ${way}`
  }
  const others = interfaces.filter(({ isLoopback }) => !isLoopback)
  return `No ${kind} address found to tell other agents; the machine has ${places(others)}; ${way}`
}

function places(addresses: readonly InterfaceAddress[]): string {
  return addresses.map(({ ip, name }) => `${ip} on ${name}`).join(', ')
}

/** `tagged_addresses` with what is known of this node filled in; a tag that was given stays. */
function taggedAddresses(
  resolver: Resolver,
  values: Values,
  advertise: AdvertisedAddresses,
): Readonly<Record<string, string>> {
  const known: Record<string, string> = { lan: advertise.lan, wan: advertise.wan }
  known[`lan_${isV6(advertise.lan) ? 'ipv6' : 'ipv4'}`] = advertise.lan
  known[`wan_${isV6(advertise.wan) ? 'ipv6' : 'ipv4'}`] = advertise.wan
  const extra = {
    lan_ipv4: resolver.advertised('advertise_addr_ipv4'),
    lan_ipv6: resolver.advertised('advertise_addr_ipv6'),
    wan_ipv4: resolver.advertised('advertise_addr_wan_ipv4'),
    wan_ipv6: resolver.advertised('advertise_addr_wan_ipv6'),
  }
  for (const [tag, ip] of Object.entries(extra)) if (ip !== undefined) known[tag] = ip
  return { ...known, ...values.map('tagged_addresses') }
}

/** Two servers of one agent cannot share an address and port. */
function refuseSharedSockets(values: Values, resolved: ResolvedAddresses): void {
  const { bind, httpListen, dnsListen } = resolved
  const sockets: readonly (readonly [string, Address])[] = [
    ...dnsListen.map((address) => ['DNS', address] as const),
    ...httpListen.flatMap(tcpOnly).map((address) => ['HTTP', address] as const),
    ...(values.bool('server') ? [['RPC', bind.rpc] as const] : []),
    ['Serf LAN', bind.serfLan],
    ...(bind.serfWan === null ? [] : [['Serf WAN', bind.serfWan] as const]),
  ]
  for (const [i, [name, address]] of sockets.entries()) {
    const earlier = sockets.slice(0, i).find(([, other]) => isSameAddress(other, address))
    if (earlier === undefined) continue
    const message = `${name} cannot use ${formatAddress(address)}: it is already configured for ${earlier[0]}`
    values.problem({ source: '', message })
  }
}
