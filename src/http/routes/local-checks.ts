// `/v1/agent/check*`, `/v1/agent/maintenance`: the checks of the agent that is asked.
import { readApiCheck } from '../../definition/api.ts'
import { required, struct, text } from '../../definition/decode.ts'
import { limits } from '../../model/limits.ts'
import type { CheckStatus } from '../../model/catalog.ts'
import { readText } from '../body.ts'
import { decodeBody } from '../decode.ts'
import { Refusal, orThrow } from '../errors.ts'
import { parseJson } from '../json-parse.ts'
import { checkFiltering, checksOf, meant } from '../local-views.ts'
import { renderLocalChecks } from '../render-local.ts'
import type { Call, Route } from '../route.ts'
import { enabled, refusePrograms, tokenOf } from './local-services.ts'

const unknown = { status: 404, meaning: 'There is no check of this ID.' } as const

/** The endpoints. */
export const localCheckRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/agent/checks',
    summary: 'Checks of this agent, by ID',
    parameters: ['filter'],
    answer: ['LocalChecks'],
    handler: checks,
  },
  {
    method: 'PUT',
    path: '/v1/agent/check/register',
    summary: 'Registers or replaces a check of this agent, or of one of its services',
    parameters: [],
    body: 'CheckDefinition',
    answer: [],
    handler: register,
  },
  {
    method: 'PUT',
    path: '/v1/agent/check/deregister/:id',
    summary: 'Removes a check of this agent',
    parameters: [],
    answer: [],
    statuses: [unknown],
    handler: deregister,
  },
  {
    method: 'PUT',
    path: '/v1/agent/check/pass/:id',
    summary: 'Says that a TTL check passes',
    parameters: ['note'],
    answer: [],
    statuses: [unknown],
    handler: (call) => hear(call, 'passing', call.query.get('note')),
  },
  {
    method: 'PUT',
    path: '/v1/agent/check/warn/:id',
    summary: 'Says that a TTL check warns',
    parameters: ['note'],
    answer: [],
    statuses: [unknown],
    handler: (call) => hear(call, 'warning', call.query.get('note')),
  },
  {
    method: 'PUT',
    path: '/v1/agent/check/fail/:id',
    summary: 'Says that a TTL check is critical',
    parameters: ['note'],
    answer: [],
    statuses: [unknown],
    handler: (call) => hear(call, 'critical', call.query.get('note')),
  },
  {
    method: 'PUT',
    path: '/v1/agent/check/update/:id',
    summary: 'Says the status and output of a TTL check',
    parameters: [],
    body: 'CheckUpdate',
    answer: [],
    statuses: [unknown],
    handler: update,
  },
  {
    method: 'PUT',
    path: '/v1/agent/maintenance',
    summary: 'Puts the node of this agent into maintenance, or takes it out',
    parameters: ['enable', 'reason'],
    answer: [],
    handler: maintenance,
  },
  {
    method: 'PUT',
    path: '/v1/agent/token/:type',
    summary: 'Sets a token of the agent; refused while there is no access control',
    parameters: [],
    body: 'AgentToken',
    answer: [],
    statuses: [{ status: 401, meaning: 'There is no access control.' }],
    handler: () => {
      throw new Refusal(401, 'ACL support disabled')
    },
  },
]

function checks(call: Call): Response | Promise<Response> {
  const some = meant(call, checksOf(call.backend.local), checkFiltering)
  return call.reply.shared(call, some, { render: renderLocalChecks, meta: null })
}

async function register(call: Call): Promise<Response> {
  const { local, definitionRules } = call.backend
  const body = parseJson(await readText(call.request, limits.bodyBytesMax))
  const read = readApiCheck(body, definitionRules)
  if (!read.ok) throw new Refusal(read.error.status, read.error.message)
  const { definition: given, warnings } = read.value
  if (given.serviceId !== '' && !local.services.has(given.serviceId)) {
    throw new Refusal(500, `ServiceID ${JSON.stringify(given.serviceId)} does not exist`)
  }
  refusePrograms(call.backend, [given])
  const token = given.token === '' ? tokenOf(call) : given.token
  orThrow(await local.registerCheck({ ...given, token }))
  for (const warning of warnings) call.backend.agent.warn(warning)
  return call.reply.empty(200)
}

async function deregister(call: Call): Promise<Response> {
  if (call.name === '') throw new Refusal(500, 'CheckID missing')
  refuseUnknown(call)
  orThrow(await call.backend.local.deregisterCheck(call.name))
  return call.reply.empty(200)
}

async function hear(call: Call, status: CheckStatus, output: string): Promise<Response> {
  if (call.name !== '') refuseUnknown(call)
  if (call.backend.local.checks.get(call.name)?.definition?.run.type !== 'ttl') {
    throw new Refusal(500, `CheckID ${JSON.stringify(call.name)} does not have associated TTL`)
  }
  orThrow(await call.backend.local.updateCheck(call.name, status, output))
  return call.reply.empty(200)
}

function refuseUnknown({ backend, name }: Call): void {
  if (backend.local.checks.has(name)) return
  const advice = 'Ensure that the check ID is passed, not the check name.'
  throw new Refusal(404, `Unknown check ID ${JSON.stringify(name)}. ${advice}`)
}

const checkUpdate = required(
  struct<{ Status: string; Output: string }>(
    { Status: text(), Output: text() },
    { goType: 'agent.checkUpdate' },
  ),
)

const statuses: ReadonlySet<string> = new Set(['passing', 'warning', 'critical'])

async function update(call: Call): Promise<Response> {
  const { Status, Output } = decodeBody(await readText(call.request, limits.bodyBytesMax), checkUpdate)
  if (!statuses.has(Status)) throw new Refusal(400, `Invalid check status: '${Status}'`)
  return hear(call, Status as CheckStatus, Output)
}

async function maintenance(call: Call): Promise<Response> {
  orThrow(await call.backend.local.setNodeMaintenance(enabled(call), call.query.get('reason')))
  return call.reply.empty(200)
}
