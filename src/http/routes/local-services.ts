// `/v1/agent/service*`: the services of the agent that is asked. Never forwarded: `dc` has no meaning.
import { remoteScriptsDisabled, readApiService } from '../../definition/api.ts'
import { runsProgram } from '../../definition/check.ts'
import { firstFreePort, isSidecarOf, sidecarIdOf } from '../../definition/sidecar.ts'
import { parseTruth } from '../../filter/literals.ts'
import type { ServiceInfo } from '../../model/catalog.ts'
import { limits } from '../../model/limits.ts'
import type { CheckDefinition } from '../../model/definition.ts'
import type { Backend } from '../backend.ts'
import { readText } from '../body.ts'
import { Refusal, orThrow } from '../errors.ts'
import { parseJson } from '../json-parse.ts'
import { meant, serviceFiltering, servicesOf } from '../local-views.ts'
import { readOptions } from '../read-options.ts'
import { contentHash, renderHashedService, renderLocalServices } from '../render-local.ts'
import type { Call, Route } from '../route.ts'

/** The endpoints; those with a fixed word come before the one with a name. */
export const localServiceRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/agent/services',
    summary: 'Services of this agent, by ID',
    parameters: ['filter'],
    answer: ['LocalServices'],
    handler: services,
  },
  {
    method: 'PUT',
    path: '/v1/agent/service/register',
    summary: 'Registers or replaces a service of this agent, with its checks',
    parameters: ['replace-existing-checks'],
    body: 'ServiceDefinition',
    answer: [],
    handler: register,
  },
  {
    method: 'PUT',
    path: '/v1/agent/service/deregister/:id',
    summary: 'Removes a service of this agent, with its checks and the sidecar that came with it',
    parameters: [],
    answer: [],
    statuses: [{ status: 404, meaning: 'There is no service of this ID.' }],
    handler: deregister,
  },
  {
    method: 'PUT',
    path: '/v1/agent/service/maintenance/:id',
    summary: 'Puts a service of this agent into maintenance, or takes it out',
    parameters: ['enable', 'reason'],
    answer: [],
    statuses: [{ status: 404, meaning: 'There is no service of this ID.' }],
    handler: maintenance,
  },
  {
    method: 'GET',
    path: '/v1/agent/service/:id',
    summary: 'One service of this agent; with its hash: as soon as it is another one',
    parameters: ['hash', 'wait'],
    answer: ['HashedService'],
    headers: ['X-Consul-ContentHash'],
    statuses: [{ status: 404, meaning: 'There is no service of this ID.' }],
    handler: service,
  },
]

function services(call: Call): Response | Promise<Response> {
  const some = meant(call, servicesOf(call.backend.local), serviceFiltering)
  return call.reply.shared(call, some, { render: renderLocalServices, meta: null })
}

async function service(call: Call): Promise<Response> {
  const { waitMs } = readOptions(call)
  const hash = call.query.get('hash')
  if (hash !== '') await untilOther(call, hash, waitMs)
  const found = call.backend.local.services.get(call.name)
  if (found === undefined) throw new Refusal(404, `unknown service ID: ${call.name}`)
  return call.reply.json(call, renderHashedService(found.info), {
    headers: { 'X-Consul-ContentHash': contentHash(found.info) },
  })
}

/** Waits while the service has this hash, at most so long. */
async function untilOther({ backend, name, request }: Call, hash: string, waitMs: number): Promise<void> {
  const { local } = backend
  let hashed: ServiceInfo | undefined
  const isSame = (): boolean => {
    const info = local.services.get(name)?.info
    // It is another object after a change: what changes elsewhere costs no hash.
    if (info !== undefined && info === hashed) return true
    hashed = info
    return info !== undefined && contentHash(info) === hash
  }
  if (!isSame()) return
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, request.signal, backend.ending])
  const pause = backend.pause(waitMs, signal).then(() => over.abort())
  for (let isOn = true; isOn && isSame() && !signal.aborted;) {
    const { version } = local
    await local.changed(version, signal)
    // Nothing has changed: the agent stops.
    isOn = local.version !== version
  }
  over.abort()
  await pause
}

async function register(call: Call): Promise<Response> {
  const { backend, query } = call
  const { local, definitionRules } = backend
  const body = parseJson(await readText(call.request, limits.bodyBytesMax))
  const infos = { get: (id: string) => local.services.get(id)?.info, values: () => servicesOf(local) }
  const read = readApiService(body, definitionRules, firstFreePort(definitionRules.sidecarPorts, infos))
  if (!read.ok) throw new Refusal(read.error.status, read.error.message)
  const { service: main, sidecar, warnings } = read.value
  const all = sidecar === null ? [main] : [main, sidecar]
  for (const { checks } of all) refusePrograms(backend, checks)
  const options = {
    replaceChecks: isOn(query.has('replace-existing-checks'), query.get('replace-existing-checks')),
  }
  const token = tokenOf(call)
  for (const each of all) {
    const owned = each.token === '' ? { ...each, token } : each
    orThrow(await local.registerService(owned, options))
  }
  for (const warning of warnings) backend.agent.warn(warning)
  return call.reply.empty(200)
}

/** The token of a request: by parameter, header, or as a bearer. */
export function tokenOf({ query, request }: Call): string {
  const { headers } = request
  const bearer = /^Bearer (.+)$/i.exec(headers.get('authorization') ?? '')?.[1]?.trim()
  return query.get('token') || headers.get('x-consul-token') || (bearer ?? '')
}

/** `?name` and `?name=true` switch on; anything else does not. */
function isOn(isThere: boolean, value: string): boolean {
  return isThere && (value === '' || value === 'true')
}

/** Throws Refusal for checks that run programs, where those of the API may not. */
export function refusePrograms({ definitionRules }: Backend, checks: readonly CheckDefinition[]): void {
  if (definitionRules.scripts === 'anywhere' || !checks.some(({ run }) => runsProgram(run))) return
  throw new Refusal(500, remoteScriptsDisabled)
}

async function deregister(call: Call): Promise<Response> {
  const { local } = call.backend
  if (call.name === '') throw new Refusal(500, 'ServiceID missing')
  if (!local.services.has(call.name)) {
    const advice = 'Ensure that the service ID is passed, not the service name.'
    throw new Refusal(404, `Unknown service ID ${JSON.stringify(call.name)}. ${advice}`)
  }
  orThrow(await local.deregisterService(call.name))
  const sidecar = local.services.get(sidecarIdOf(call.name))
  if (sidecar !== undefined && isSidecarOf(sidecar.info, call.name)) {
    orThrow(await local.deregisterService(sidecar.info.id))
  }
  return call.reply.empty(200)
}

async function maintenance(call: Call): Promise<Response> {
  const { local } = call.backend
  if (call.name === '') throw new Refusal(400, 'Missing service ID')
  const isEnabled = enabled(call)
  if (!local.services.has(call.name)) {
    throw new Refusal(404, `No service registered with ID ${JSON.stringify(call.name)}`)
  }
  orThrow(await local.setServiceMaintenance(call.name, isEnabled, call.query.get('reason')))
  return call.reply.empty(200)
}

/** The parameter `enable`. Throws Refusal (400). */
export function enabled({ query }: Call): boolean {
  if (!query.has('enable')) throw new Refusal(400, 'Missing value for enable')
  const text = query.get('enable')
  const value = parseTruth(text)
  if (!value.ok) throw new Refusal(400, `Invalid value for enable: ${JSON.stringify(text)}`)
  return value.value
}
