// What an agent does with its pools beside membership: coordinates and user events, and through these remote execution.
import type { AgentConfig } from '../config/agent-config.ts'
import type { Random } from '../lib/random.ts'
import type { ServiceInfo } from '../model/catalog.ts'
import type { Limits } from '../model/limits.ts'
import type { Coordinate, DatacenterCoordinates } from '../model/coordinate.ts'
import type { Host } from '../runtime/host.ts'
import type { Actions } from './actions.ts'
import { createCoordinateBatch } from './coordinate-batch.ts'
import { createCoordinates } from './coordinates.ts'
import type { Logger } from './log.ts'
import type { Metrics } from './metrics.ts'
import type { PoolName, Pools } from './pools.ts'
import { createRemoteExec } from './remote-exec.ts'
import type { Requests } from './requests.ts'
import { createUserEvents, type UserEvents } from './user-events.ts'

/** What they are made of. */
export interface PoolServicesOptions {
  readonly host: Host
  readonly config: AgentConfig
  readonly pools: Pools
  readonly random: Random
  readonly limits: Limits
  readonly log: Logger
  readonly metrics: Metrics
  /** The service instances of this agent's node, as they are now. */
  readonly services: () => Iterable<Pick<ServiceInfo, 'service' | 'tags'>>
  /** Aborts when the agent stops. */
  readonly signal: AbortSignal
}

/** The services of one agent's pools. */
export interface PoolServices {
  readonly events: UserEvents
  /** What servers do for other agents. */
  readonly actions: Pick<Actions, 'fireEvent' | 'updateCoordinates'>
  /** Datacenters as this server has them, nearest first. */
  datacenters(): readonly string[]
  datacenterCoordinates(): readonly DatacenterCoordinates[]
  /** Where we are in the LAN pool; null with `disable_coordinates`. */
  coordinate(): Coordinate | null
  /** How often our coordinate in a pool had to begin anew. */
  coordinateResets(pool: PoolName): number
  /** The pools are there, and requests go out. */
  start(requests: Requests): void
  /** A reload: whether commands run here. */
  set(config: AgentConfig): void
}

/** Makes them; nothing is told or run before `start`. */
export function createPoolServices(options: PoolServicesOptions): PoolServices {
  const { host, config, pools, random, limits, metrics, signal } = options
  const { clock } = host
  const { nodeName, datacenter } = config
  let requests: Requests | null = null
  let isExecDisabled = config.disableRemoteExec
  const coordinates = config.disableCoordinates
    ? null
    : createCoordinates({
        nodeName,
        datacenter,
        clock,
        random: random.fork('coordinates'),
        pools,
        metrics,
      })
  const batch = createCoordinateBatch({
    clock,
    nodesMax: limits.membersMax,
    async write(command) {
      const written = await requests?.write(command, '')
      return written?.ok === true && written.value.kind === 'done'
    },
  })
  const events = createUserEvents({ ...options, nodeName, log: options.log.named('events') })
  signal.addEventListener('abort', () => {
    coordinates?.stop()
    batch.stop()
  })
  return {
    events,
    actions: {
      fireEvent: ({ event }) => Promise.resolve(events.fireHere(event)),
      updateCoordinates: ({ updates }) => Promise.resolve(batch.add(updates)),
    },
    datacenters: () => coordinates?.nearestFirst(pools.datacenters()) ?? pools.datacenters(),
    datacenterCoordinates: () => coordinates?.ofDatacenters() ?? [],
    coordinate: () => coordinates?.own ?? null,
    coordinateResets: (pool) => coordinates?.resets(pool) ?? 0,
    start(ready) {
      requests = ready
      events.start(ready)
      coordinates?.start(ready)
      const exec = createRemoteExec({
        host,
        nodeName,
        requests: ready,
        log: options.log.named('exec'),
        signal,
      })
      events.onExec((event) => {
        if (!isExecDisabled) exec.onEvent(event)
      })
    },
    set(next) {
      isExecDisabled = next.disableRemoteExec
    },
  }
}
