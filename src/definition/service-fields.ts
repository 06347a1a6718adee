// The fields of a service's definition, in both spellings.
import type { JsonObject, ServiceAddress, TextMap, Weights } from '../model/catalog.ts'
import { type GivenCheck, serviceCheckReader } from './check-fields.ts'
import {
  type Fields,
  type Reader,
  bool,
  integer,
  list,
  map,
  required,
  struct,
  text,
  textListReader,
  textMapReader,
} from './decode.ts'
import { proxyReader } from './proxy.ts'

/** A service as it was given. */
export interface GivenService {
  readonly Kind: string
  readonly ID: string
  readonly Name: string
  readonly Tags: readonly string[]
  readonly Address: string
  readonly TaggedAddresses: Readonly<Record<string, ServiceAddress>>
  readonly Meta: TextMap
  readonly Port: number
  readonly SocketPath: string
  readonly Check: GivenCheck | null
  readonly Checks: readonly (GivenCheck | null)[]
  readonly Weights: Weights | null
  readonly Token: string
  readonly EnableTagOverride: boolean
  readonly Proxy: JsonObject | null
  readonly Connect: GivenConnect | null
}

/** What it says of the mesh. */
export interface GivenConnect {
  readonly Native: boolean
  readonly SidecarService: GivenService | null
}

const addressFields = struct<{ Address: string; Port: number }>(
  { Address: text(), Port: integer() },
  { goType: 'structs.ServiceAddress' },
)

const address: Reader<ServiceAddress> = (value, at) => {
  const { Address, Port } = required(addressFields)(value, at)
  return { address: Address, port: Port }
}

/** Addresses by their tags. */
export const taggedAddresses: Reader<Readonly<Record<string, ServiceAddress>>> = map(
  address,
  'map[string]structs.ServiceAddress',
)

const weightFields = struct<{ Passing: number | null; Warning: number | null }>(
  { Passing: intOrNull(), Warning: intOrNull() },
  { goType: 'structs.Weights' },
)

function intOrNull(): Reader<number | null> {
  const read = integer()
  return (value, at) => (value === null ? null : read(value, at))
}

/** Weights, or null. What is left out is 0 in the API, and 1 in a file. */
export const weights: Reader<Weights | null> = (value, at) => {
  const given = weightFields(value, at)
  const absent = at.spelling === 'config' ? 1 : 0
  return given === null ? null : { passing: given.Passing ?? absent, warning: given.Warning ?? absent }
}

/** A sidecar is a service again; read in a function of its own because a table cannot name itself. */
const sidecar: Reader<GivenService | null> = (value, at) => innerReader(value, at)

const connect = struct<GivenConnect>(
  {
    Native: bool,
    SidecarService: { reader: sidecar, api: ['sidecar_service'], config: ['sidecar_service'] },
  },
  { goType: 'structs.ServiceConnect', isOpen: true, isOpaque: true },
)

const fields: Fields<GivenService> = {
  Kind: text('structs.ServiceKind'),
  ID: text(),
  Name: text(),
  Tags: textListReader,
  Address: text(),
  TaggedAddresses: { reader: taggedAddresses, api: ['tagged_addresses'], config: ['tagged_addresses'] },
  Meta: textMapReader,
  Port: integer(),
  SocketPath: { reader: text(), config: ['socket_path'] },
  Check: serviceCheckReader,
  Checks: list(serviceCheckReader, 'structs.CheckTypes'),
  Weights: weights,
  Token: text(),
  EnableTagOverride: { reader: bool, api: ['enable_tag_override'], config: ['enable_tag_override'] },
  Proxy: proxyReader,
  Connect: connect,
}

/** Of the enterprise edition alone. */
const ineffective = ['namespace', 'partition', 'locality', 'enterprisemeta']

/** Reads a service. */
export const serviceReader: Reader<GivenService | null> = struct(fields, {
  goType: 'structs.ServiceDefinition',
  goName: '',
  ineffective,
})

const innerReader: Reader<GivenService | null> = struct(fields, {
  goType: 'structs.ServiceDefinition',
  isOpaque: true,
  ineffective,
})
