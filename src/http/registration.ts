// Bodies of `/v1/catalog/register` and `/v1/catalog/deregister` as commands.
import type {
  CheckInfo,
  CheckStatus,
  JsonObject,
  NodeInfo,
  ServiceAddress,
  ServiceInfo,
  TextMap,
  Weights,
} from '../model/catalog.ts'
import type { Command, DeregisterCommand } from '../model/command.ts'
import { connectReader, proxyReader } from '../definition/proxy.ts'
import { proxyFaults } from '../definition/proxy-rules.ts'
import { errorsOccurred, idFault, isWildcard } from '../definition/rules.ts'
import { taggedAddresses } from '../definition/service-fields.ts'
import { checkDefinition, checkType } from './check-definition.ts'
import {
  type Fields,
  bool,
  integer,
  list,
  required,
  struct,
  text,
  textListReader,
  textMapReader,
} from '../definition/decode.ts'
import { decodeBody } from './decode.ts'
import { Refusal, badRequest } from './errors.ts'

/** A command with the datacenter that it is for. */
export interface Decoded<T> {
  readonly command: T
  readonly datacenter: string
}

/** Reads a registration. Throws Refusal: 400 for a body of the wrong form, 500 for one that says too little. */
export function decodeRegistration(body: string, localDatacenter: string): Decoded<Command> {
  const given = decodeBody(body, registration)
  if (given.Node === '') throw new Refusal(500, 'Must provide node')
  if (given.Address === '' && !given.SkipNodeUpdate) {
    throw new Refusal(500, 'Must provide address if SkipNodeUpdate is not set')
  }
  refuseBadId(given.ID)
  const datacenter = given.Datacenter === '' ? localDatacenter : given.Datacenter
  const node: NodeInfo = {
    id: given.ID,
    name: given.Node,
    address: given.Address,
    datacenter,
    taggedAddresses: given.TaggedAddresses,
    meta: given.NodeMeta,
  }
  const service = given.Service === null ? null : serviceOf(given.Service)
  const checks = [...given.Checks, given.Check].filter((check) => check !== null)
  refuseLongId('Service', service?.id ?? '')
  for (const { CheckID, Name } of checks) refuseLongId('Check', CheckID === '' ? Name : CheckID)
  return {
    command: {
      kind: 'register',
      node,
      service,
      checks: checks.map((check) => checkOf(check, given.Node)),
      skipNodeUpdate: given.SkipNodeUpdate,
    },
    datacenter,
  }
}

/** Reads a deregistration. Throws Refusal as for a registration. */
export function decodeDeregistration(body: string, localDatacenter: string): Decoded<DeregisterCommand> {
  const given = decodeBody(body, deregistration)
  if (given.Node === '') throw new Refusal(500, 'Must provide node')
  return {
    command: { kind: 'deregister', node: given.Node, serviceId: given.ServiceID, checkId: given.CheckID },
    datacenter: given.Datacenter === '' ? localDatacenter : given.Datacenter,
  }
}

interface GivenRegistration {
  readonly ID: string
  readonly Node: string
  readonly Address: string
  readonly Datacenter: string
  readonly TaggedAddresses: TextMap
  readonly NodeMeta: TextMap
  readonly Service: GivenService | null
  readonly Check: GivenCheck | null
  readonly Checks: readonly (GivenCheck | null)[]
  readonly SkipNodeUpdate: boolean
}

/** A service as clients give it. */
export interface GivenService {
  readonly Kind: string
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Address: string
  readonly TaggedAddresses: Readonly<Record<string, ServiceAddress>>
  readonly Meta: TextMap
  readonly Port: number
  readonly SocketPath: string
  readonly Weights: { readonly Passing: number; readonly Warning: number } | null
  readonly EnableTagOverride: boolean
  readonly Proxy: JsonObject | null
  readonly Connect: JsonObject | null
}

/** A check as clients give it. */
export interface GivenCheck {
  readonly Node: string
  readonly CheckID: string
  readonly Name: string
  readonly Status: string
  readonly Notes: string
  readonly Output: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly ServiceTags: readonly string[]
  readonly Type: string
  readonly Definition: JsonObject
}

/** Fields that clients send back from what they read, and that do not matter. */
const indexFields: readonly string[] = ['CreateIndex', 'ModifyIndex']

/** Readers of a service's fields. */
export const serviceFields: Fields<GivenService> = {
  Kind: text('structs.ServiceKind'),
  ID: text(),
  Service: text(),
  Tags: textListReader,
  Address: text(),
  TaggedAddresses: taggedAddresses,
  Meta: textMapReader,
  Port: integer(),
  SocketPath: text(),
  Weights: struct({ Passing: integer(), Warning: integer() }, { goType: 'structs.Weights' }),
  EnableTagOverride: bool,
  Proxy: proxyReader,
  Connect: connectReader,
}

const service = struct<GivenService>(serviceFields, { goType: 'structs.NodeService', ignored: indexFields })

/** Readers of a check's fields. */
export const checkFields: Fields<GivenCheck> = {
  Node: text(),
  CheckID: text('types.CheckID'),
  Name: text(),
  Status: text(),
  Notes: text(),
  Output: text(),
  ServiceID: text(),
  ServiceName: text(),
  ServiceTags: textListReader,
  Type: text(),
  Definition: checkDefinition,
}

const check = struct<GivenCheck>(checkFields, { goType: 'structs.HealthCheck', ignored: indexFields })

const registration = required(
  struct<GivenRegistration>(
    {
      ID: text('types.NodeID'),
      Node: text(),
      Address: text(),
      Datacenter: text(),
      TaggedAddresses: textMapReader,
      NodeMeta: textMapReader,
      Service: service,
      Check: check,
      Checks: list(check, 'structs.HealthChecks'),
      SkipNodeUpdate: bool,
    },
    { goType: 'structs.RegisterRequest', ignored: [...indexFields, 'Token'] },
  ),
)

const deregistration = required(
  struct<{ Datacenter: string; Node: string; ServiceID: string; CheckID: string }>(
    { Datacenter: text(), Node: text(), ServiceID: text(), CheckID: text('types.CheckID') },
    { goType: 'structs.DeregisterRequest', ignored: ['Token'] },
  ),
)

/** Refuses an ID of a node that is no UUID. Throws Refusal. */
export function refuseBadId(id: string): void {
  if (id === '') return
  if (id.length !== 36) throw new Refusal(500, 'Bad node ID: uuid string is wrong length')
  if (!/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) {
    throw new Refusal(500, 'Bad node ID: uuid is improperly formatted')
  }
}

/** Refuses the ID of a service or a check that no URL could name. Throws Refusal. */
export function refuseLongId(what: 'Service' | 'Check', id: string): void {
  const fault = idFault(what, id)
  if (fault !== null) throw badRequest(fault)
}

/** The service that was given. Throws Refusal if it says too little. */
export function serviceOf(given: GivenService): ServiceInfo {
  const name = given.Service === '' && given.ID === '' ? '' : given.Service
  if (name === '') throw new Refusal(500, 'Must provide service name with ID')
  if (isWildcard(given.Address)) {
    throw new Refusal(500, 'Invalid service address')
  }
  const service = {
    id: given.ID === '' ? name : given.ID,
    service: name,
    kind: given.Kind,
    tags: given.Tags,
    address: given.Address,
    port: given.Port,
    socketPath: given.SocketPath,
    taggedAddresses: given.TaggedAddresses,
    meta: given.Meta,
    weights: weightsOf(given.Weights),
    enableTagOverride: given.EnableTagOverride,
    proxy: given.Proxy,
    connect: given.Connect,
  }
  const faults = proxyFaults(service)
  if (faults.length > 0) throw new Refusal(500, errorsOccurred(faults))
  return service
}

/** The reference takes weights without a weight for passing as not given. */
function weightsOf(given: GivenService['Weights']): Weights {
  if (given === null || given.Passing < 1) return { passing: 1, warning: 1 }
  return { passing: given.Passing, warning: given.Warning }
}

const statuses: ReadonlySet<string> = new Set(['', 'passing', 'warning', 'critical'])

/** The check that was given; `node` where it names none. Throws Refusal if it says too little. */
export function checkOf(given: GivenCheck, node: string): CheckInfo {
  if (given.CheckID === '' && given.Name === '') throw new Refusal(500, 'Must provide check ID or name')
  if (!statuses.has(given.Status)) {
    const known = 'passing, warning or critical'
    throw badRequest(`Invalid check status: ${JSON.stringify(given.Status)}; it must be ${known}`)
  }
  return {
    node: given.Node === '' ? node : given.Node,
    checkId: given.CheckID === '' ? given.Name : given.CheckID,
    name: given.Name,
    status: (given.Status === '' ? 'critical' : given.Status) as CheckStatus,
    notes: given.Notes,
    output: given.Output,
    serviceId: given.ServiceID,
    serviceName: given.ServiceName,
    serviceTags: given.ServiceTags,
    type: given.Type === '' ? checkType(given.Definition) : given.Type,
    definition: given.Definition,
  }
}
