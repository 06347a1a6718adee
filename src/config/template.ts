// Address templates: `{{ GetPrivateIP }}`, `{{ GetInterfaceIP "eth1" }}`, and pipelines over interfaces such as
// `{{ GetAllInterfaces | include "name" "eth" | exclude "type" "IPv6" | attr "address" }}`, as the reference has them.
import { err, ok, type Result } from '../lib/result.ts'
import {
  compareIps,
  isForwardable,
  isInNetwork,
  isOfRfc,
  networkOf,
  prefixLength,
  type InterfaceAddress,
} from './ip.ts'

/** What templates can ask of the machine. */
export interface Machine {
  readonly interfaces: readonly InterfaceAddress[]
  /** Name of the interface with the default route, or '' when there is none or it is not known. */
  readonly defaultInterface: string
}

type Value = string | readonly InterfaceAddress[]

/**
 * Replaces every `{{ … }}` of a text by what it stands for; addresses of a list are separated by spaces.
 *
 * Errors: a sentence about the first expression that is wrong.
 */
export function expandTemplate(text: string, machine: Machine): Result<string, string> {
  try {
    return ok(
      text.replaceAll(/\{\{-?([\s\S]*?)-?\}\}/g, (_, body: string) => render(run(body, machine))).trim(),
    )
  } catch (error) {
    if (error instanceof TemplateFault) return err(error.message)
    throw error
  }
}

class TemplateFault extends Error {}

function render(value: Value): string {
  return typeof value === 'string' ? value : joined(value)
}

function joined(addresses: readonly InterfaceAddress[]): string {
  return addresses.map((address) => address.ip).join(' ')
}

/** Evaluates a pipeline. */
function run(body: string, machine: Machine): Value {
  if (body.trim() === '') throw new TemplateFault('there is nothing between {{ and }}')
  const steps = splitSteps(body)
  let value: Value | undefined
  for (const [name = '', ...args] of steps) {
    const source = sources[name]
    const filter = filters[name]
    if (value === undefined && source !== undefined) value = source(machine, args)
    else if (value !== undefined && typeof value !== 'string' && filter !== undefined) {
      value = filter(value, args, machine)
    } else throw new TemplateFault(stepFault(name, value))
  }
  return value ?? ''
}

function stepFault(name: string, value: Value | undefined): string {
  if (sources[name] === undefined && filters[name] === undefined) {
    return `"${name}" is not a function; there are ${[...Object.keys(sources), ...Object.keys(filters)].join(', ')}`
  }
  return value === undefined
    ? `"${name}" needs interfaces to work on: begin with GetAllInterfaces |`
    : `"${name}" cannot be applied to what stands before it`
}

/** Words of each step between `|`; texts stand in quotes or backquotes. */
function splitSteps(body: string): readonly (readonly string[])[] {
  const steps: string[][] = [[]]
  const token = /\s*(?:"((?:[^"\\]|\\.)*)"|`([^`]*)`|(\|)|([^\s|"`]+))/gy
  for (let at = 0; body.slice(at).trim() !== ''; at = token.lastIndex) {
    token.lastIndex = at
    const match = token.exec(body)
    if (match === null) throw new TemplateFault(`a quote is not closed in "${body.trim()}"`)
    const [, quoted, backquoted, pipe, word] = match
    if (pipe !== undefined) steps.push([])
    else steps.at(-1)?.push(quoted?.replaceAll(/\\(.)/g, '$1') ?? backquoted ?? word ?? '')
  }
  return steps
}

type Source = (machine: Machine, args: readonly string[]) => Value
type Filter = (addresses: readonly InterfaceAddress[], args: readonly string[], machine: Machine) => Value

const sources: Readonly<Record<string, Source>> = {
  GetAllInterfaces: (machine) => machine.interfaces,
  GetDefaultInterfaces: (machine) =>
    machine.interfaces.filter(({ name }) => name === machine.defaultInterface),
  GetPrivateInterfaces: (machine) => routable(machine).filter(({ ip }) => isOfRfc(ip, '6890')),
  GetPublicInterfaces: (machine) => routable(machine).filter(({ ip }) => !isOfRfc(ip, '6890')),
  GetPrivateIP: (machine) => routable(machine).find(({ ip }) => isOfRfc(ip, '6890'))?.ip ?? '',
  GetPrivateIPs: (machine) => joined(routable(machine).filter(({ ip }) => isOfRfc(ip, '6890'))),
  GetPublicIP: (machine) => routable(machine).find(({ ip }) => !isOfRfc(ip, '6890'))?.ip ?? '',
  GetPublicIPs: (machine) => joined(routable(machine).filter(({ ip }) => !isOfRfc(ip, '6890'))),
  GetInterfaceIP: (machine, [name]) => ofInterface(machine, name)[0]?.ip ?? '',
  GetInterfaceIPs: (machine, [name]) => joined(ofInterface(machine, name)),
}

/** Addresses that can be reached from elsewhere: those of the default route first, IPv4 before IPv6, small networks last. */
function routable(machine: Machine): readonly InterfaceAddress[] {
  return sortBy(
    machine.interfaces.filter(({ ip }) => isForwardable(ip)),
    'default,type,size',
    machine,
  )
}

function ofInterface(machine: Machine, name: string | undefined): readonly InterfaceAddress[] {
  if (name === undefined) throw new TemplateFault('GetInterfaceIP needs the name of an interface: "eth0"')
  return sortBy(
    machine.interfaces.filter((address) => address.name === name && isForwardable(address.ip)),
    'type,size',
    machine,
  )
}

const filters: Readonly<Record<string, Filter>> = {
  include: (addresses, args) => addresses.filter(selector(args)),
  exclude: (addresses, args) => {
    const select = selector(args)
    return addresses.filter((address) => !select(address))
  },
  sort: (addresses, [spec = ''], machine) => sortBy(addresses, spec, machine),
  limit: (addresses, [count]) => addresses.slice(0, wholeNumber('limit', count)),
  offset: (addresses, [count]) => addresses.slice(wholeNumber('offset', count)),
  unique: (addresses, [by = 'address']) => uniqueBy(addresses, by),
  attr: (addresses, [name = '']) => {
    const first = addresses[0]
    return first === undefined ? '' : attribute(first, name)
  },
  join: (addresses, [name = '', separator = ' ']) =>
    addresses.map((address) => attribute(address, name)).join(separator),
}

function wholeNumber(name: string, text: string | undefined): number {
  if (text === undefined || !/^\d{1,6}$/.test(text)) throw new TemplateFault(`${name} needs a whole number`)
  return Number(text)
}

function uniqueBy(addresses: readonly InterfaceAddress[], name: string): readonly InterfaceAddress[] {
  const seen = new Set<string>()
  return addresses.filter((address) => {
    const value = attribute(address, name)
    return seen.has(value) ? false : seen.add(value) !== undefined
  })
}

const attributes: Readonly<Record<string, (address: InterfaceAddress) => string>> = {
  address: ({ ip }) => ip,
  host: ({ ip }) => ip,
  name: ({ name }) => name,
  network: networkOf,
  netmask: ({ netmask }) => netmask,
  mask_bits: ({ netmask }) => String(prefixLength(netmask)),
  size: ({ netmask, family }) => String(2n ** BigInt((family === 4 ? 32 : 128) - prefixLength(netmask))),
  string: ({ ip, netmask }) => `${ip}/${prefixLength(netmask)}`,
  type: ({ family }) => (family === 4 ? 'IPv4' : 'IPv6'),
  flags: (address) => flagsOf(address).join('|'),
}

function attribute(address: InterfaceAddress, name: string): string {
  const read = attributes[name.toLowerCase()]
  if (read !== undefined) return read(address)
  throw new TemplateFault(`"${name}" is not an attribute; there are ${Object.keys(attributes).join(', ')}`)
}

function flagsOf({ ip, isLoopback }: InterfaceAddress): readonly string[] {
  return ['up', ...(isLoopback ? ['loopback'] : []), ...(isForwardable(ip) ? ['forwardable'] : [])]
}

/** A predicate of `include` and `exclude`. */
function selector([by = '', text = '']: readonly string[]): (address: InterfaceAddress) => boolean {
  const wanted = text.split('|')
  switch (by.toLowerCase()) {
    case 'name':
      return matcher(text, ({ name }) => name)
    case 'address':
      return matcher(text, ({ ip }) => ip)
    case 'flag':
    case 'flags':
      return (address) => wanted.every((flag) => flagsOf(address).includes(flag))
    case 'type':
      return ({ family }) =>
        wanted.some((type) => type.toLowerCase() === 'ip' || type.toLowerCase() === `ipv${family}`)
    case 'size':
      return ({ netmask }) => wanted.includes(`/${prefixLength(netmask)}`)
    case 'network':
      return ({ ip }) => wanted.some((cidr) => known(isInNetwork(ip, cidr), `"${cidr}" is not a network`))
    case 'rfc':
      return ({ ip }) => wanted.some((rfc) => known(isOfRfc(ip, rfc), `RFC ${rfc} is not known`))
    default:
      throw new TemplateFault(
        `"${by}" is nothing to choose by; there are address, flags, name, network, rfc, size, type`,
      )
  }
}

function known(answer: boolean | undefined, message: string): boolean {
  if (answer === undefined) throw new TemplateFault(message)
  return answer
}

function matcher(
  text: string,
  read: (address: InterfaceAddress) => string,
): (address: InterfaceAddress) => boolean {
  let pattern: RegExp
  try {
    pattern = new RegExp(text)
  } catch {
    throw new TemplateFault(`"${text}" is not a regular expression`)
  }
  return (address) => pattern.test(read(address))
}

type Compare = (a: InterfaceAddress, b: InterfaceAddress, machine: Machine) => number

const orders: Readonly<Record<string, Compare>> = {
  address: (a, b) => compareIps(a.ip, b.ip),
  default: (a, b, { defaultInterface }) =>
    Number(b.name === defaultInterface) - Number(a.name === defaultInterface),
  name: (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  private: (a, b) => Number(isOfRfc(b.ip, '6890')) - Number(isOfRfc(a.ip, '6890')),
  size: (a, b) => prefixLength(a.netmask) - prefixLength(b.netmask),
  type: (a, b) => a.family - b.family,
}

/** Sorts by a list such as `default,-address`; a minus turns an order around. */
function sortBy(
  addresses: readonly InterfaceAddress[],
  spec: string,
  machine: Machine,
): readonly InterfaceAddress[] {
  const compares = spec.split(',').map((part): Compare => {
    const name = part.trim().replace(/^[+-]/, '')
    const compare = orders[name]
    if (compare === undefined) {
      throw new TemplateFault(`"${name}" is no order; there are ${Object.keys(orders).join(', ')}`)
    }
    return part.trim().startsWith('-') ? (a, b, m) => -compare(a, b, m) : compare
  })
  return addresses.toSorted((a, b) => {
    for (const compare of compares) {
      const order = compare(a, b, machine)
      if (order !== 0) return order
    }
    return 0
  })
}
