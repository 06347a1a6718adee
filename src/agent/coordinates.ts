// Where this agent is in its pools: round trips move it, its acks tell it, and now and then the catalog hears of it.
import { createPosition, type Position } from '../coordinate/position.ts'
import { distance, planarDistance } from '../coordinate/distance.ts'
import type { Random } from '../lib/random.ts'
import type { Coordinate, DatacenterCoordinates, NodeCoordinate } from '../model/coordinate.ts'
import type { Clock } from '../runtime/host.ts'
import type { Metrics } from './metrics.ts'
import type { PoolName, Pools, RoundTrip } from './pools.ts'
import { never, type Requests } from './requests.ts'

/** What the keeper is made of. */
export interface CoordinatesOptions {
  readonly nodeName: string
  readonly datacenter: string
  readonly clock: Clock
  readonly random: Random
  readonly pools: Pools
  readonly metrics: Pick<Metrics, 'count' | 'sample'>
}

/** Keeps our places. */
export interface Coordinates {
  /** Our places are told from now on, and the catalog hears of the one in the LAN pool. */
  start(requests: Pick<Requests, 'act'>): void
  stop(): void
  /** Our place in the LAN pool. */
  readonly own: Coordinate
  /** How often our place in a pool had to begin anew. */
  resets(pool: PoolName): number
  /** Sorts datacenters: the nearest to this server first, by the median of round trips; equals stay in order. */
  nearestFirst(datacenters: readonly string[]): readonly string[]
  /** Where the servers of each datacenter are, by its name and theirs. */
  ofDatacenters(): readonly DatacenterCoordinates[]
}

/** The catalog hears of us at most this often; longer in a large cluster: about 64 agents a second in all. */
const periodMs = 15_000
const agentsPerSecond = 64
/**
 * Moves by less than this, seconds, are not told, nor by less than this part of the distance from the origin: they
 * change no order. Nor is an error that has changed by less.
 */
const moveMin = 100e-6
const movePartMin = 0.1
const errorChangeMin = 0.1
/** Even if nothing has moved the catalog hears of us after so many periods: it may have forgotten us. */
const silentPeriodsMax = 40

/** Makes a keeper; nothing is told before `start`. */
export function createCoordinates(options: CoordinatesOptions): Coordinates {
  return new Keeper(options)
}

/** Our place in one pool, and what members of it have said of theirs. */
class PoolPlace {
  readonly position: Position
  readonly peers = new Map<string, Coordinate>()
  readonly #metrics: CoordinatesOptions['metrics']
  /** Of the WAN pool we tell where all are; of the LAN pool the catalog does. */
  readonly #keepsPeers: boolean
  readonly #tell: (coordinate: Coordinate) => void

  constructor(pool: PoolName, options: CoordinatesOptions, tell: (coordinate: Coordinate) => void) {
    this.position = createPosition(options.random.fork(pool))
    this.#metrics = options.metrics
    this.#keepsPeers = pool === 'wan'
    this.#tell = tell
  }

  start(): void {
    this.#tell(this.position.coordinate)
  }

  onRoundTrip({ name, coordinate, rttMicros }: RoundTrip): void {
    const before = this.position.coordinate
    if (this.position.measured(name, coordinate, rttMicros) === 'rejected') {
      this.#metrics.count('serf.coordinate.rejected')
      return
    }
    const movedMs = distanceMoved(before, this.position.coordinate) * 1000
    this.#metrics.sample('serf.coordinate.adjustment-ms', movedMs)
    if (this.#keepsPeers) this.peers.set(name, coordinate)
    this.#tell(this.position.coordinate)
  }

  forget(name: string): void {
    this.position.forget(name)
    this.peers.delete(name)
  }
}

/** How far a place has moved, seconds: in the space, in height, and by its adjustment. */
function distanceMoved(from: Coordinate, to: Coordinate): number {
  const up = Math.abs(from.height - to.height) + Math.abs(from.adjustment - to.adjustment)
  return planarDistance(from, to) + up
}

class Keeper implements Coordinates {
  readonly #options: CoordinatesOptions
  readonly #lan: PoolPlace
  readonly #wan: PoolPlace
  #requests: Pick<Requests, 'act'> | null = null
  #told: Coordinate | null = null
  #silentPeriods = 0
  #disarm: (() => void) | null = null
  #isStopped = false

  constructor(options: CoordinatesOptions) {
    this.#options = options
    const { pools } = options
    this.#lan = new PoolPlace('lan', options, (place) => pools.lan.setCoordinate(place))
    this.#wan = new PoolPlace('wan', options, (place) => pools.wan?.setCoordinate(place))
    pools.onRoundTrip((pool, trip) => (pool === 'lan' ? this.#lan : this.#wan).onRoundTrip(trip))
    pools.onMember((pool, event, member) => {
      if (event === 'reaped' || event === 'left') (pool === 'lan' ? this.#lan : this.#wan).forget(member.name)
    })
  }

  start(requests: Pick<Requests, 'act'>): void {
    this.#requests = requests
    this.#lan.start()
    this.#wan.start()
    this.#arm()
  }

  stop(): void {
    this.#isStopped = true
    this.#disarm?.()
  }

  get own(): Coordinate {
    return this.#lan.position.coordinate
  }

  resets(pool: PoolName): number {
    return (pool === 'lan' ? this.#lan : this.#wan).position.resets
  }

  #arm(): void {
    if (this.#isStopped) return
    const { clock, random, pools } = this.#options
    const members = pools.lan.machine.aliveCount
    const scaledMs = Math.max(periodMs, Math.ceil((members * 1000) / agentsPerSecond))
    this.#disarm = clock.wakeAt(clock.nowMs() + scaledMs + random.below(scaledMs), () => void this.#report())
  }

  async #report(): Promise<void> {
    const { coordinate } = this.#lan.position
    this.#silentPeriods++
    if (this.#mustTell(coordinate)) {
      const updates = [{ node: this.#options.nodeName, coordinate }]
      const sent = await this.#requests?.act({ kind: 'updateCoordinates', updates }, '', 'stale', never)
      if (sent?.ok === true) {
        this.#told = coordinate
        this.#silentPeriods = 0
      }
    }
    this.#arm()
  }

  #mustTell(coordinate: Coordinate): boolean {
    const told = this.#told
    if (told === null || this.#silentPeriods >= silentPeriodsMax) return true
    const far = planarDistance(told, { ...told, vec: [] }) + told.height
    if (distanceMoved(told, coordinate) >= Math.max(moveMin, movePartMin * far)) return true
    return Math.abs(told.error - coordinate.error) >= errorChangeMin
  }

  nearestFirst(datacenters: readonly string[]): readonly string[] {
    const own = this.#wan.position.coordinate
    const far = new Map<string, number>()
    for (const { datacenter, servers } of this.ofDatacenters()) {
      const trips = servers.map(({ coordinate }) => distance(own, coordinate)).sort((a, b) => a - b)
      far.set(datacenter, trips[Math.floor(trips.length / 2)] ?? Infinity)
    }
    far.set(this.#options.datacenter, 0)
    const farness = (datacenter: string): number => far.get(datacenter) ?? Infinity
    return datacenters.toSorted((a, b) => (farness(a) === farness(b) ? 0 : farness(a) - farness(b)))
  }

  ofDatacenters(): readonly DatacenterCoordinates[] {
    const { pools, nodeName, datacenter } = this.#options
    const byDatacenter = new Map<string, NodeCoordinate[]>()
    for (const server of pools.wanServers.all()) {
      const isSelf = server.name === nodeName && server.datacenter === datacenter
      const known = isSelf
        ? this.#wan.position.coordinate
        : this.#wan.peers.get(`${server.name}.${server.datacenter}`)
      if (known === undefined) continue
      const servers = byDatacenter.get(server.datacenter) ?? []
      byDatacenter.set(server.datacenter, [...servers, { node: server.name, coordinate: known }])
    }
    const byName = (a: NodeCoordinate, b: NodeCoordinate): number => (a.node < b.node ? -1 : 1)
    return [...byDatacenter]
      .map(([name, servers]) => ({ datacenter: name, servers: servers.toSorted(byName) }))
      .sort((a, b) => (a.datacenter < b.datacenter ? -1 : 1))
  }
}
