// User events at this agent: firing them, which of those that are heard concern us, and the last ones for the API.
import { encodedEventSize } from '../gossip/event-limit.ts'
import type { EventLog } from '../http/backend-events.ts'
import { compileRegex } from '../lib/regex.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ServiceInfo } from '../model/catalog.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import { limits as realLimits, type Limits } from '../model/limits.ts'
import type { UserEvent } from '../model/user-event.ts'
import type { Logger } from './log.ts'
import type { Pools } from './pools.ts'
import { never, type Requests } from './requests.ts'

/** Events of this name run commands (remote-exec.ts) and are not kept. */
export const execEventName = '_rexec'

/** What the events of one agent are made of. */
export interface UserEventsOptions {
  readonly nodeName: string
  readonly limits: Limits
  readonly pools: Pools
  readonly log: Logger
  /** The service instances of this agent's node, as they are now. */
  readonly services: () => Iterable<Pick<ServiceInfo, 'service' | 'tags'>>
}

/** The events of one agent. */
export interface UserEvents extends EventLog {
  /** Fires an event into our own pool. */
  fireHere(event: UserEvent): Result<null, RequestError>
  /** Requests for other datacenters go this way; until then they are refused. */
  start(requests: Pick<Requests, 'act'>): void
  /** Called with each event of remote execution that concerns this agent. */
  onExec(listener: (event: UserEvent) => void): void
}

/** Events that are kept for the API, as the reference does. */
const keptMax = 256

/** Makes the events of one agent. */
export function createUserEvents(options: UserEventsOptions): UserEvents {
  return new AgentEvents(options)
}

class AgentEvents implements UserEvents {
  readonly #options: UserEventsOptions
  #kept: readonly UserEvent[] = []
  readonly #waiting = new Set<() => void>()
  readonly #execListeners: ((event: UserEvent) => void)[] = []
  #requests: Pick<Requests, 'act'> | null = null

  constructor(options: UserEventsOptions) {
    this.#options = options
    options.pools.onUserEvent((event) => this.#onEvent(event))
  }

  start(requests: Pick<Requests, 'act'>): void {
    this.#requests = requests
  }

  onExec(listener: (event: UserEvent) => void): void {
    this.#execListeners.push(listener)
  }

  recent(): readonly UserEvent[] {
    return this.#kept
  }

  changed(seen: readonly UserEvent[], signal: AbortSignal): Promise<void> {
    if (seen !== this.#kept || signal.aborted) return Promise.resolve()
    return new Promise((resolve) => {
      const finish = (): void => {
        this.#waiting.delete(finish)
        signal.removeEventListener('abort', finish)
        resolve()
      }
      this.#waiting.add(finish)
      signal.addEventListener('abort', finish)
    })
  }

  async fire(event: UserEvent, datacenter: string): Promise<Result<null, RequestError>> {
    if (datacenter === '') return this.fireHere(event)
    const problem = filterProblem(event)
    if (problem !== null) return err(requestError('refused', problem))
    const requests = this.#requests
    if (requests === null) return err(requestError('overloaded', 'The agent is starting'))
    return requests.act({ kind: 'fireEvent', event }, datacenter, 'stale', never)
  }

  fireHere(event: UserEvent): Result<null, RequestError> {
    const { pools, limits } = this.#options
    const problem = eventProblem(event, pools.lan.machine.eventTime + 1, limits)
    if (problem !== null) return err(requestError('refused', problem))
    pools.lan.fireEvent(event)
    return ok(null)
  }

  #onEvent(event: UserEvent): void {
    if (!this.#concernsUs(event)) return
    this.#options.log.debug('New event', { event: event.name, id: event.id })
    if (event.name === execEventName) {
      for (const listener of this.#execListeners) listener(event)
      return
    }
    this.#kept = [...this.#kept, event].slice(-keptMax)
    for (const finish of this.#waiting) finish()
  }

  #concernsUs({ nodeFilter, serviceFilter, tagFilter }: UserEvent): boolean {
    if (!matching(nodeFilter)(this.#options.nodeName)) return false
    if (serviceFilter === '') return true
    const isService = matching(serviceFilter)
    const isTag = matching(tagFilter)
    for (const { service, tags } of this.#options.services()) {
      if (isService(service) && (tagFilter === '' || tags.some(isTag))) return true
    }
    return false
  }
}

/** A filter, compiled once for all texts. What cannot be compiled matches nothing: it came from an agent that took it. */
function matching(filter: string): (text: string) => boolean {
  if (filter === '') return () => true
  const regex = compileRegex(filter)
  return (text) => regex.ok && regex.value.test(text)
}

/** Why an event may not be fired at a Lamport time, in the reference's words; null if it may. */
export function eventProblem(
  event: UserEvent,
  lamportTime: number,
  limits: Pick<Limits, 'eventBytesMax'> = realLimits,
): string | null {
  return filterProblem(event) ?? sizeProblem(event, lamportTime, limits)
}

/** Why an event may not be fired for its filters, in the reference's words; null if it may. */
function filterProblem({ nodeFilter, serviceFilter, tagFilter }: UserEvent): string | null {
  if (tagFilter !== '' && serviceFilter === '') return 'Cannot provide tag filter without service filter'
  const filters = { node: nodeFilter, service: serviceFilter, tag: tagFilter }
  for (const [name, filter] of Object.entries(filters)) {
    const regex = compileRegex(filter)
    if (!regex.ok) return `Invalid ${name} filter: ${regex.error}`
  }
  return null
}

function sizeProblem(
  event: UserEvent,
  lamportTime: number,
  { eventBytesMax }: Pick<Limits, 'eventBytesMax'>,
): string | null {
  const { before, after } = encodedEventSize(event, lamportTime)
  if (before > eventBytesMax)
    return tooLarge(`user event exceeds configured limit of ${eventBytesMax} bytes before encoding`)
  if (after > eventBytesMax)
    return tooLarge(`encoded user event exceeds configured limit of ${eventBytesMax} bytes after encoding`)
  return null
}

function tooLarge(sentence: string): string {
  return `1 error occurred:\n\t* error broadcasting event to segment "": ${sentence}\n\n`
}
