// `/v1/coordinate/*`: where nodes and datacenters are in the network.
import { type Reader, list, struct, text } from '../../definition/decode.ts'
import { mismatch } from '../../definition/misfit.ts'
import {
  coordinateDimensions,
  type Coordinate,
  type DatacenterCoordinates,
  type NodeCoordinate,
} from '../../model/coordinate.ts'
import { limits } from '../../model/limits.ts'
import { readText } from '../body.ts'
import { decodeBody } from '../decode.ts'
import { Refusal, orThrow, refusedRead } from '../errors.ts'
import { quote, renderList } from '../json.ts'
import { datacenterOf } from '../read-options.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { metaHeaders, read } from './reads.ts'

/** The endpoints. With `disable_coordinates` all of them are refused. */
export const coordinateRoutes: readonly Route[] = (
  [
    {
      method: 'GET',
      path: '/v1/coordinate/datacenters',
      summary: 'Where the servers of all datacenters are, in the space of the WAN pool',
      parameters: [],
      answer: ['DatacenterCoordinates'],
      handler: datacenters,
    },
    {
      method: 'GET',
      path: '/v1/coordinate/nodes',
      summary: 'Where all nodes are that have a coordinate',
      parameters: [...readParameters, 'segment'],
      answer: ['NodeCoordinates'],
      handler: nodes,
    },
    {
      method: 'GET',
      path: '/v1/coordinate/node/:node',
      summary: 'Where a node is',
      parameters: [...readParameters, 'segment'],
      answer: ['NodeCoordinates'],
      statuses: [{ status: 404, meaning: 'The node has no coordinate, or does not exist.', content: '' }],
      handler: node,
    },
    {
      method: 'PUT',
      path: '/v1/coordinate/update',
      summary: 'Says where a node is; servers write it within some seconds, with what others have said',
      parameters: ['dc'],
      body: 'CoordinateUpdate',
      answer: [],
      handler: update,
    },
  ] as const
).map((route: Route) => ({
  ...route,
  statuses: [...(route.statuses ?? []), { status: 401, meaning: 'The agent keeps no coordinates.' }],
  handler: ifEnabled(route.handler),
}))

function ifEnabled(handler: Route['handler']): Route['handler'] {
  return (call) => {
    if (!call.backend.hasCoordinates) throw new Refusal(401, 'Coordinate support disabled')
    return handler(call)
  }
}

async function datacenters(call: Call): Promise<Response> {
  const found = orThrow(await call.backend.ask('datacenterCoordinates', '', 'stale'))
  return call.reply.json(call, renderList(found, renderDatacenter))
}

async function nodes(call: Call): Promise<Response> {
  const result = await read(call, { kind: 'coordinates' })
  if (!result.ok) throw refusedRead(result.error)
  const { value } = result.value
  const shown = isDefaultSegment(call) ? value : []
  return call.reply.json(call, renderList(shown, renderNode), { headers: metaHeaders(result.value) })
}

async function node(call: Call): Promise<Response> {
  const result = await read(call, { kind: 'coordinatesOfNode', node: call.name })
  if (!result.ok) throw refusedRead(result.error)
  const { value } = result.value
  if (value.length === 0 || !isDefaultSegment(call)) return call.reply.empty(404)
  return call.reply.json(call, renderList(value, renderNode), { headers: metaHeaders(result.value) })
}

/** Only the default segment exists. */
function isDefaultSegment({ query }: Call): boolean {
  return query.get('segment') === ''
}

async function update(call: Call): Promise<Response> {
  const given = decodeBody(await readText(call.request, limits.bodyBytesMax), updateReader)
  const datacenter = datacenterGiven(call, given?.Datacenter ?? '')
  const updates = updatesOf(given, datacenter === '')
  const action = { kind: 'updateCoordinates', updates } as const
  orThrow(await call.backend.act(action, datacenter, 'stale', call.request.signal))
  return call.reply.empty(200)
}

/** What is to be written; nothing for other segments, for which there is no place. Throws Refusal. */
function updatesOf(given: GivenUpdate | null, isHere: boolean): readonly NodeCoordinate[] {
  const { Node: name, Segment: segment, Coord: place } = given ?? noUpdate
  const { Vec: vec, Error: error, Adjustment: adjustment, Height: height } = place ?? nowhere
  // Another datacenter refuses it itself, if it is there.
  if (isHere && vec.length !== coordinateDimensions) throw new Refusal(500, 'incompatible coordinate')
  return segment === '' ? [{ node: name, coordinate: { vec, error, adjustment, height } }] : []
}

/** The datacenter that a call names: in its parameters, or else in its body. */
function datacenterGiven(call: Call, inBody: string): string {
  const isNamed = call.query.get('dc') !== '' || call.query.get('datacenter') !== ''
  if (isNamed) return datacenterOf(call)
  return inBody === call.backend.datacenter ? '' : inBody
}

const noUpdate: GivenUpdate = { Datacenter: '', Node: '', Segment: '', Coord: null }

const nowhere: GivenCoordinate = { Vec: [], Error: 0, Adjustment: 0, Height: 0 }

interface GivenUpdate {
  readonly Datacenter: string
  readonly Node: string
  readonly Segment: string
  readonly Coord: GivenCoordinate | null
}

interface GivenCoordinate {
  readonly Vec: readonly number[]
  readonly Error: number
  readonly Adjustment: number
  readonly Height: number
}

const number: Reader<number> = (value, at) => {
  if (value === null) return 0
  if (typeof value !== 'number' || !Number.isFinite(value)) throw mismatch(value, at, 'float64')
  return value
}

const updateReader = struct<GivenUpdate>(
  {
    Datacenter: text(),
    Node: text(),
    Segment: text(),
    Coord: struct<GivenCoordinate>(
      { Vec: list(number, '[]float64'), Error: number, Adjustment: number, Height: number },
      { goType: 'coordinate.Coordinate' },
    ),
  },
  { goType: 'structs.CoordinateUpdateRequest' },
)

function renderDatacenter({ datacenter, servers }: DatacenterCoordinates): string {
  return `{"Datacenter":${quote(datacenter)},"AreaID":"wan","Coordinates":${renderList(servers, renderNode)}}`
}

function renderNode({ node: name, coordinate }: NodeCoordinate): string {
  return `{"Node":${quote(name)},"Segment":"","Coord":${renderCoordinate(coordinate)}}`
}

/** JavaScript writes numbers as Go does: the shortest digits that give the same number again. */
function renderCoordinate({ vec, error, adjustment, height }: Coordinate): string {
  return `{"Vec":[${vec.join(',')}],"Error":${error},"Adjustment":${adjustment},"Height":${height}}`
}
