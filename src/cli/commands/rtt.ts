// `rtt`: the round trip between two nodes, as their coordinates predict it.
import { distance } from '../../coordinate/distance.ts'
import type { Client } from '../../http/client.ts'
import type { CoordinateShape } from '../../http/client/shapes.ts'
import type { Coordinate } from '../../model/coordinate.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { tell } from '../format.ts'

/** Runs `rtt`. */
export function rtt(context: Context): Promise<number> {
  const isWan = context.flags.bool('wan')
  if (isWan && !context.args.every((name) => name.includes('.')))
    throw new UsageError('Node names must be specified as <node name>.<datacenter> with -wan')
  return attempt(context, 'Error getting coordinates', async () => {
    const client = await context.client()
    const [first = '', second = await ownName(client, isWan)] = context.args
    const find = isWan ? await wanFinder(client) : await lanFinder(client, context)
    const places: Coordinate[] = []
    for (const name of [first, second]) {
      const place = find(name)
      if (place === undefined) {
        context.complain(`Could not find a coordinate for node "${name}"`)
        return 1
      }
      places.push(coordinateOf(place))
    }
    const [a, b] = places
    const seconds = a === undefined || b === undefined ? 0 : distance(a, b)
    const pool = isWan ? 'WAN' : 'LAN'
    const ms = (seconds * 1000).toFixed(3)
    const sentence = `Estimated ${first} <-> ${second} rtt: ${ms} ms (using ${pool} coordinates)`
    tell(context, sentence, { Nodes: [first, second], Pool: pool, RoundTripMs: Number(ms) })
    return 0
  })
}

/** Where a node is; undefined if nobody knows. */
type Finder = (name: string) => CoordinateShape | undefined

async function ownName(client: Client, isWan: boolean): Promise<string> {
  const { Config } = await client.agentSelf()
  return isWan ? `${Config.NodeName}.${Config.Datacenter}` : Config.NodeName
}

async function lanFinder(client: Client, { flags }: Context): Promise<Finder> {
  const { value: nodes } = await client.coordinateNodes({ stale: flags.bool('stale') })
  return (name) => {
    const isIt = ({ Node, Segment }: (typeof nodes)[number]): boolean => Node === name && Segment === ''
    return nodes.find(isIt)?.Coord
  }
}

/** Names of the WAN pool end in the datacenter, which may itself have no dot. */
async function wanFinder(client: Client): Promise<Finder> {
  const datacenters = await client.coordinateDatacenters()
  return (name) => {
    const dot = name.lastIndexOf('.')
    const [node, datacenter] = [name.slice(0, dot), name.slice(dot + 1)]
    const known = datacenters.find(({ Datacenter }) => Datacenter === datacenter)?.Coordinates
    return known?.find(({ Node }) => Node === node)?.Coord
  }
}

function coordinateOf({ Vec, Error: error, Adjustment, Height }: CoordinateShape): Coordinate {
  return { vec: Vec, error, adjustment: Adjustment, height: Height }
}
