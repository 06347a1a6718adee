// `/v1/event/*`: events that users send through the gossip.
import type { Connection, RequestBody } from './connection.ts'
import { type Answer, type ReadQuery, type ReadSpec, dcOf, encodePath, json, read } from './requests.ts'
import type { EventShape } from './shapes.ts'

/** Who is to receive an event: regular expressions. */
export interface EventFilter {
  readonly node?: string
  readonly service?: string
  readonly tag?: string
}

/** Calls about events. */
export interface EventClient {
  eventFire(
    name: string,
    options?: EventFilter & { readonly dc?: string; readonly payload?: RequestBody },
  ): Promise<EventShape>
  /** The latest events that this agent has seen, oldest first. The index of this answer does not grow: it only differs. */
  eventList(options?: EventQuery): Promise<Answer<readonly EventShape[]>>
}

/** Options of a question for events. */
export type EventQuery = Pick<ReadQuery, 'index' | 'wait' | 'signal'> & { readonly name?: string }

/** Where the reads are that can also be watched. */
export const eventReads = {
  list: ({ name }: EventQuery): ReadSpec<readonly EventShape[]> => ({
    path: '/v1/event/list',
    query: { name },
  }),
} as const

/** Makes the calls. */
export function eventCalls(connection: Connection): EventClient {
  return {
    eventFire: (name, options = {}) =>
      json(connection, {
        method: 'PUT',
        path: `/v1/event/fire/${encodePath(name)}`,
        query: {
          dc: dcOf(connection, options),
          node: options.node,
          service: options.service,
          tag: options.tag,
        },
        ...(options.payload !== undefined && { body: options.payload }),
      }),
    eventList: (options = {}) => read(connection, eventReads.list(options), options),
  }
}
