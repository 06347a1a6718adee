// Services: `[TAG.]NAME.service[.DC].ZONE` and `_NAME._TAG…`.
import type { ServiceHealth } from '../model/catalog.ts'
import {
  addressRecord,
  familiesOf,
  instanceAddress,
  isHostName,
  isTranslated,
  nodeAddress,
  serviceAddress,
  servicePort,
  trimDot,
  isAsked,
} from './addresses.ts'
import { resolveHost } from './chain.ts'
import { ipFamily, ipToHex } from './ip.ts'
import { answered, isName, type Lookup, nameError, readError, readFrom } from './lookup.ts'
import { hostAnswers, plain, textRecords } from './node.ts'
import { type Answer, type Reply, type Rr, rrType } from './types.ts'
import type { DnsConfig } from '../model/dns-config.ts'

interface Instances {
  readonly found: readonly ServiceHealth[]
  /** The datacenter's name, for the names of records. */
  readonly datacenter: string
  readonly isWan: boolean
  readonly ttl: number
}

/** Answers a question about a service. */
export async function lookUpService(
  lookup: Lookup,
  target: { readonly service: string; readonly tag: string; readonly datacenter: string },
): Promise<Reply> {
  const { view, config, random } = lookup
  const from = readFrom(lookup, target.datacenter)
  if (from === undefined || target.service === '') return nameError(lookup)
  const tags = target.tag === '' ? [] : [target.tag]
  const read = await view.read(
    { kind: 'serviceNodes', service: target.service, tags, nodeMeta: {}, near: '', connect: false },
    from,
  )
  if (!read.ok) return readError(lookup, read.error)
  const found = read.value.filter((each) => isServing(each, config.onlyPassing))
  if (found.length === 0) return nameError(lookup)
  const instances = {
    found: random.shuffle(found),
    datacenter: from === '' ? view.datacenter : from,
    isWan: isTranslated(lookup, from),
    ttl: serviceTtl(config, target.service),
  }
  return { ...answered(lookup, await answersOf(lookup, instances)), isSampled: true }
}

/** Instances with a critical check are never told; those with a warning only unless `only_passing`. */
export function isServing(found: ServiceHealth, onlyPassing: boolean): boolean {
  return found.checks.every(
    (check) => check.status === 'passing' || (!onlyPassing && check.status === 'warning'),
  )
}

/** `service_ttl`: the exact name, else the longest pattern that ends in `*`. */
export function serviceTtl(config: DnsConfig, service: string): number {
  const ttls = config.serviceTtlSeconds
  if (Object.hasOwn(ttls, service)) return ttls[service] ?? 0
  let longest = ''
  for (const pattern of Object.keys(ttls)) {
    const isMatch = pattern.endsWith('*') && service.startsWith(pattern.slice(0, -1).toLowerCase())
    if (isMatch && pattern.length > longest.length) longest = pattern
  }
  return ttls[longest] ?? 0
}

function answersOf(lookup: Lookup, instances: Instances): Promise<readonly Answer[]> | readonly Answer[] {
  if (lookup.type === rrType.SRV) return srvAnswers(lookup, instances)
  if (lookup.type === rrType.TXT) return textAnswers(lookup, instances)
  return addressAnswers(lookup, instances)
}

/** One record per address. Host names count only where no instance has an address; then the first stands for all. */
async function addressAnswers(lookup: Lookup, instances: Instances): Promise<readonly Answer[]> {
  const { name, type, config } = lookup
  const { found, isWan, ttl } = instances
  const families = familiesOf(type)
  const addresses = new Set<string>()
  let host = ''
  let hasAddress = false
  for (const each of found) {
    for (const family of families) {
      const address = instanceAddress(lookup, each, family, isWan)
      if (address !== '' && ipFamily(address) !== 0) addresses.add(address)
    }
    const main = instanceAddress(lookup, each, 0, isWan)
    if (!isHostName(main)) hasAddress = true
    else if (host === '') host = main
  }
  if (!hasAddress && host !== '' && addresses.size === 0) return hostAnswers(lookup, host, ttl)
  const answers = [...addresses].map((ip) => plain(addressRecord(name, ttl, ip)))
  return config.aRecordLimit > 0 ? answers.slice(0, config.aRecordLimit) : answers
}

/** The meta data of the instances' nodes. */
function textAnswers(lookup: Lookup, instances: Instances): readonly Answer[] {
  const nodes = new Map(instances.found.map(({ node }) => [node.name, node]))
  return [...nodes.values()].flatMap((node) => textRecords(node, lookup.name, instances.ttl)).map(plain)
}

async function srvAnswers(lookup: Lookup, instances: Instances): Promise<readonly Answer[]> {
  const answers: Answer[] = []
  const seen = new Set<string>()
  for (const each of instances.found) {
    const { node, service } = each
    const port = servicePort(service, instances.isWan)
    const key = `${node.name}:${service.address}:${port}`
    if (seen.has(key)) continue
    seen.add(key)
    const place = await placeOf(lookup, each, instances)
    if (!place) continue
    const record = {
      type: rrType.SRV,
      name: lookup.name,
      ttl: instances.ttl,
      weight: weightOf(each),
      port,
      target: place.target,
    } as const
    answers.push({ record, extra: place.extra })
  }
  return answers
}

interface Place {
  readonly target: string
  readonly extra: readonly Rr[]
}

/** Where an instance is, as a name with its addresses; undefined when it cannot be named. */
async function placeOf(
  lookup: Lookup,
  found: ServiceHealth,
  instances: Instances,
): Promise<Place | undefined> {
  const { node, service } = found
  const { isWan, ttl, datacenter } = instances
  const nodeName = `${node.name}.node.${datacenter}.${lookup.zone}`
  const texts = lookup.config.nodeMetaTxt && isName(nodeName) ? textRecords(node, nodeName, ttl) : []
  const own = serviceAddress(service, 0, isWan)
  const isOwn = own.isOwn && !isAsked(lookup, own.address)
  const address = isOwn ? own.address : nodeAddress(node, 0, isWan)
  if (ipFamily(address) === 0) {
    if (!isHostName(address)) return undefined
    const target = trimDot(address)
    return { target, extra: [...(await resolveHost(lookup, target)), ...texts] }
  }
  // A node's name tells all its addresses; one that differs for us, or that no packet can hold, is told as it is.
  if (!isOwn && address === node.address && isName(nodeName)) {
    const addresses = ([4, 6] as const)
      .map((family) => nodeAddress(node, family, false))
      .filter((ip) => ip !== '')
    return { target: nodeName, extra: [...addresses.map((ip) => addressRecord(nodeName, ttl, ip)), ...texts] }
  }
  const target = `${ipToHex(address)}.addr.${datacenter}.${lookup.zone}`
  return { target, extra: [addressRecord(target, ttl, address), ...texts] }
}

/** SRV weight by health. */
function weightOf(found: ServiceHealth): number {
  const { weights } = found.service
  const weight = found.checks.some((check) => check.status === 'warning') ? weights.warning : weights.passing
  return Math.min(Math.max(weight, 0), 65_535)
}
