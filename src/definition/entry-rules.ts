// What the settings of a configuration entry must be beyond their form, by kind, and what is filled in. What depends on
// other entries is the state store's business (state/chains.ts). Sentences are the reference's.
import { err, ok, type Result } from '../lib/result.ts'
import type { Json, JsonObject } from '../model/catalog.ts'
import { objectIn, objectsIn, textIn } from '../model/json-parts.ts'
import { limits } from '../model/limits.ts'
import { parseDuration } from '../lib/durations.ts'
import { isObject } from './decode.ts'
import type { EntryKind } from './entry-fields.ts'

/** Checks the body of an entry and completes it. */
type Rule = (name: string, body: JsonObject) => Result<JsonObject, string>

/** The rules by kind. */
export const entryRules: Readonly<Record<EntryKind, Rule>> = {
  'service-defaults': (name, body) => (name === '' ? err('serviceName is required') : ok(body)),
  'proxy-defaults': (_name, body) => ok(body),
  'service-router': routerRule,
  'service-splitter': splitterRule,
  'service-resolver': resolverRule,
  'ingress-gateway': ingressRule,
  'terminating-gateway': terminatingRule,
  'exported-services': exportsRule,
}

const nameRequired = 'Name is required'

function routerRule(name: string, body: JsonObject): Result<JsonObject, string> {
  if (name === '') return err(nameRequired)
  const routes = objectsIn(body['Routes']).map(completeRoute)
  for (const [i, route] of routes.entries()) {
    const problem = matchProblem(objectIn(objectIn(route['Match'])['HTTP']))
    if (problem !== null) return err(`Route[${i}] ${problem}`)
  }
  return ok(body['Routes'] === null ? body : { ...body, Routes: routes })
}

/** Methods in capitals, and the namespace that there is, where a route looks at HTTP. */
function completeRoute(route: JsonObject): JsonObject {
  const match = objectIn(route['Match'])
  const http = match['HTTP']
  if (http === undefined || !isObject(http)) return route
  const methods = textsIn(http['Methods']).map((method) => method.toUpperCase())
  const filled = { ...match, HTTP: methods.length === 0 ? http : { ...http, Methods: methods } }
  const destination = objectIn(route['Destination'])
  if (textIn(destination['Service']) === '') return { ...route, Match: filled }
  const { RequestTimeout, IdleTimeout, Service, ServiceSubset, Namespace, ...others } = destination
  const named = { RequestTimeout, IdleTimeout, Service, ServiceSubset, Namespace: Namespace ?? 'default' }
  return { ...route, Match: filled, Destination: withoutAbsent({ ...named, ...others }) }
}

function withoutAbsent(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  const kept: Record<string, Json> = {}
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) kept[name] = value
  return kept
}

function matchProblem(http: JsonObject): string | null {
  const paths = ['PathExact', 'PathPrefix', 'PathRegex'].filter((name) => textIn(http[name]) !== '')
  if (paths.length > 1) return 'should only contain at most one of PathExact, PathPrefix, or PathRegex'
  for (const name of ['PathExact', 'PathPrefix']) {
    const path = textIn(http[name])
    if (path !== '' && !path.startsWith('/')) return `${name} doesn't start with '/': ${JSON.stringify(path)}`
  }
  return (
    conditionsProblem(http, 'Header', ['Present', 'Exact', 'Prefix', 'Suffix', 'Regex']) ??
    conditionsProblem(http, 'QueryParam', ['Present', 'Exact', 'Regex']) ??
    twiceProblem(textsIn(http['Methods']))
  )
}

function conditionsProblem(http: JsonObject, field: string, ways: readonly string[]): string | null {
  for (const [i, condition] of objectsIn(http[field]).entries()) {
    if (textIn(condition['Name']) === '') return `${field}[${i}] missing required Name field`
    // What is empty is not in the body.
    if (ways.filter((way) => condition[way] !== undefined).length === 1) continue
    return `${field}[${i}] should only contain one of ${ways.slice(0, -1).join(', ')}, or ${ways.at(-1)}`
  }
  return null
}

function twiceProblem(methods: readonly string[]): string | null {
  const twice = methods.find((method, i) => methods.indexOf(method) !== i)
  return twice === undefined ? null : `Methods contains ${JSON.stringify(twice)} more than once`
}

function splitterRule(name: string, body: JsonObject): Result<JsonObject, string> {
  if (name === '') return err(nameRequired)
  const splits = objectsIn(body['Splits'])
  if (splits.length === 0) return err('no splits configured')
  const found = new Set<string>()
  let hundredths = 0
  for (const split of splits) {
    const [service, subset] = [textIn(split['Service']) || name, textIn(split['ServiceSubset'])]
    const namespace = textIn(split['Namespace'])
    const key = JSON.stringify([service, subset, namespace])
    if (found.has(key)) {
      const what = `service=${JSON.stringify(service)}, subset=${JSON.stringify(subset)}`
      return err(`split destination occurs more than once: ${what}, namespace=${JSON.stringify(namespace)}`)
    }
    found.add(key)
    hundredths += hundredthsOf(split)
  }
  if (hundredths !== 100 * 100) {
    const sum = single(hundredths / 100).toFixed(6)
    return err(`the sum of all split weights must be 100, not ${sum}`)
  }
  return ok({ ...body, Splits: splits.map((split) => ({ ...split, Weight: hundredthsOf(split) / 100 })) })
}

/** Weights are told apart in steps of a hundredth. */
function hundredthsOf(split: JsonObject): number {
  return Math.round(single(single(numberIn(split['Weight'])) * 100))
}

/** The number with the precision that the reference keeps weights in. */
function single(value: number): number {
  return new Float32Array([value])[0] ?? 0
}

const subsetForm = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/
const subsetSentence =
  'must be 63 characters or fewer, begin or end with lower case alphanumeric characters, and contain lower case ' +
  "alphanumeric characters or '-' in between"

function resolverRule(name: string, body: JsonObject): Result<JsonObject, string> {
  const problem =
    (name === '' ? nameRequired : null) ??
    subsetsProblem(body) ??
    redirectProblem(body) ??
    failoverProblem(body) ??
    timeoutProblem(body)
  return problem === null ? ok(body) : err(problem)
}

function subsetsProblem(body: JsonObject): string | null {
  const names = Object.keys(objectIn(body['Subsets']))
  for (const name of names) {
    if (name === '') return 'Subset defined with empty name'
    if (!subsetForm.test(name)) return `Subset ${JSON.stringify(name)} is invalid: ${subsetSentence}`
  }
  const preferred = textIn(body['DefaultSubset'])
  if (preferred === '' || names.includes(preferred)) return null
  return `DefaultSubset ${JSON.stringify(preferred)} is not a valid subset`
}

function redirectProblem(body: JsonObject): string | null {
  if (body['Redirect'] === undefined) return null
  const redirect = objectIn(body['Redirect'])
  if (Object.keys(objectIn(body['Failover'])).length > 0) return 'Redirect and Failover cannot both be set'
  const service = textIn(redirect['Service'])
  if (textIn(redirect['ServiceSubset']) !== '' && service === '') {
    return 'Redirect.ServiceSubset defined without Redirect.Service'
  }
  return Object.keys(redirect).length === 0 ? 'Redirect is empty' : null
}

function failoverProblem(body: JsonObject): string | null {
  const subsets = Object.keys(objectIn(body['Subsets']))
  for (const [subset, given] of Object.entries(objectIn(body['Failover']))) {
    const at = `Bad Failover[${JSON.stringify(subset)}]`
    if (subset !== '*' && !subsets.includes(subset)) return `${at}: not a valid subset`
    const failover = objectIn(given)
    if (Object.keys(failover).length === 0) {
      return `${at} one of Service, ServiceSubset, Namespace, or Datacenters is required`
    }
    if (textsIn(failover['Datacenters']).includes('')) return `${at}.Datacenters: found empty datacenter`
  }
  return null
}

function timeoutProblem(body: JsonObject): string | null {
  const given = textIn(body['ConnectTimeout'])
  return (parseDuration(given) ?? 0) < 0 ? `Bad ConnectTimeout '${given}', must be >= 0` : null
}

const protocols = ['tcp', 'http', 'http2', 'grpc']

function ingressRule(name: string, body: JsonObject): Result<JsonObject, string> {
  if (name === '') return err(nameRequired)
  const listeners = objectsIn(body['Listeners']).map((listener) => ({
    ...listener,
    Protocol: (textIn(listener['Protocol']) || 'tcp').toLowerCase(),
  }))
  const ports = new Set<number>()
  const hasTls = objectIn(body['TLS'])['Enabled'] === true
  for (const listener of listeners) {
    const port = numberIn((listener as JsonObject)['Port'])
    if (ports.has(port)) return err(`port ${port} declared on two listeners`)
    ports.add(port)
    const problem = listenerProblem(listener, port, hasTls)
    if (problem !== null) return err(problem)
  }
  return ok(body['Listeners'] === null ? body : { ...body, Listeners: listeners })
}

function listenerProblem(listener: JsonObject, port: number, hasTls: boolean): string | null {
  const protocol = textIn(listener['Protocol'])
  const at = `(listener on port ${port})`
  if (!protocols.includes(protocol)) {
    return `protocol must be 'tcp', 'http', 'http2', or 'grpc'. '${protocol}' is an unsupported protocol`
  }
  const services = objectsIn(listener['Services'])
  if (services.length === 0) return `No service declared for listener with port ${port}`
  if (services.length > 1 && protocol === 'tcp') {
    return `Multiple services per listener are only supported for protocol = 'http' ${at}`
  }
  const hosts = new Set<string>()
  for (const service of services) {
    const problem = listedServiceProblem(service, protocol, at) ?? hostsProblem(service, hosts, hasTls, at)
    if (problem !== null) return problem
  }
  return null
}

function listedServiceProblem(service: JsonObject, protocol: string, at: string): string | null {
  const name = textIn(service['Name'])
  const hasHosts = textsIn(service['Hosts']).length > 0
  if (name === '*' && protocol === 'tcp')
    return `Wildcard service name is only valid for protocol = 'http' ${at}`
  if (name === '*' && hasHosts) return `Associating hosts to a wildcard service is not supported ${at}`
  if (name === '') return `Service name cannot be blank ${at}`
  if (hasHosts && protocol === 'tcp') {
    return `Associating hosts to a service is not supported for the tcp protocol ${at}`
  }
  return null
}

function hostsProblem(service: JsonObject, known: Set<string>, hasTls: boolean, at: string): string | null {
  for (const host of textsIn(service['Hosts'])) {
    if (known.has(host)) return `Hosts must be unique within a specific listener ${at}`
    known.add(host)
    if (host === '*' && hasTls) {
      return "Host '*' is not allowed when TLS is enabled, all hosts must be valid DNS records to add as a DNSSAN"
    }
    const rest = host.startsWith('*.') ? host.slice(2) : host === '*' ? '' : host
    if (rest.includes('*')) {
      return `Host ${JSON.stringify(host)} is not valid, a wildcard specifier is only allowed as the leftmost label`
    }
  }
  return null
}

function terminatingRule(name: string, body: JsonObject): Result<JsonObject, string> {
  if (name === '') return err('serviceName is required')
  const found = new Set<string>()
  for (const service of objectsIn(body['Services'])) {
    const linked = textIn(service['Name'])
    if (linked === '') return err('Service name cannot be blank.')
    if (found.has(linked)) {
      return err(`Service ${JSON.stringify(linked)} was specified more than once within a namespace`)
    }
    found.add(linked)
    const files = ['CAFile', 'CertFile', 'KeyFile'].map((file) => textIn(service[file]) !== '')
    const [hasCa, hasCert, hasKey] = files
    if (hasCert !== hasKey || (hasCert === true && hasCa !== true)) {
      return err(
        `Service ${JSON.stringify(linked)} must have a CertFile, CAFile, and KeyFile specified for TLS origination`,
      )
    }
  }
  return ok(body)
}

function exportsRule(name: string, body: JsonObject): Result<JsonObject, string> {
  if (name !== 'default') return err('exported-services Name must be "default"')
  const peers = new Set<string>()
  for (const [i, service] of objectsIn(body['Services']).entries()) {
    const consumers = objectsIn(service['Consumers'])
    const problem = exportProblem(service, consumers)
    if (problem !== null) return err(`Services[${i}]: ${problem}`)
    for (const [j, consumer] of consumers.entries()) {
      const why = consumerProblem(consumer)
      if (why !== null) return err(`Services[${i}].Consumers[${j}]: ${why}`)
      peers.add(textIn(consumer['Peer']))
    }
  }
  if (peers.size <= limits.exportPeersMax) return ok(body)
  return err(`Services name ${peers.size} peers, more than the limit of ${limits.exportPeersMax}`)
}

function exportProblem(service: JsonObject, consumers: readonly JsonObject[]): string | null {
  if (textIn(service['Name']) === '') return 'service name cannot be empty'
  if (!['', 'default'].includes(textIn(service['Namespace']))) return enterprise('namespaces')
  return consumers.length === 0 ? 'must have at least one consumer' : null
}

function consumerProblem(consumer: JsonObject): string | null {
  if (textIn(consumer['Partition']) !== '') return enterprise('partitions')
  if (textIn(consumer['SamenessGroup']) !== '') return enterprise('sameness groups')
  const peer = textIn(consumer['Peer'])
  if (peer === '') return 'must name a Peer'
  return peer === '*' ? 'exporting to all peers (wildcard) is not supported' : null
}

function enterprise(what: string): string {
  return `${what} are a consul enterprise feature`
}

function textsIn(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item: Json): item is string => typeof item === 'string') : []
}

function numberIn(value: Json | undefined): number {
  return typeof value === 'number' ? value : 0
}
