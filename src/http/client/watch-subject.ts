// What a watch is of, as a stream of answers: one way for the command line and for agents.
import type { WatchSubject, WatchType } from '../../model/watch.ts'
import type { Client } from '../client.ts'
import type { EventShape, KvPairShape } from './shapes.ts'
import type { Change, Changes, WatchOptions } from './watch.ts'

/** Makes the watch of one type. */
type Source = (client: Client, subject: WatchSubject, options: WatchOptions) => AsyncIterable<Change<unknown>>

const sources: Readonly<Record<WatchType, Source>> = {
  key: (client, { key }, options) => mapped(client.watchKv(key, options), pairOf),
  keyprefix: (client, { prefix }, options) =>
    mapped(client.watchKvPrefix(prefix, options), (pairs) => (pairs.length === 0 ? null : pairs.map(pairOf))),
  services: (client, _, options) => client.watchServices(options),
  nodes: (client, _, options) => client.watchNodes(options),
  service: (client, { service, passingOnly: passing, tags }, options) =>
    client.watchService(service, { ...options, passing, tags }),
  checks: (client, { service, state }, options) =>
    service === ''
      ? client.watchChecks(state === '' ? 'any' : state, options)
      : client.watchServiceChecks(service, options),
  event: (client, { name }, options) =>
    newOnly(client.watchEvents({ ...options, ...(name !== '' && { name }) })),
  agent_service: (client, { serviceId }, options) => client.watchAgentService(serviceId, options),
}

/** Every answer that differs from the one before it, the first one included, in the form that handlers are given. */
export function watchSubject(
  client: Client,
  subject: WatchSubject,
  options: WatchOptions,
): AsyncIterable<Change<unknown>> {
  const { type, filter } = subject
  return sources[type](client, subject, { ...options, ...(filter !== '' && { filter }) })
}

async function* mapped<T>(changes: Changes<T>, map: (value: T) => unknown): AsyncGenerator<Change<unknown>> {
  for await (const change of changes) yield { ...change, value: map(change.value) }
}

/** A key in the form of the reference's command. */
function pairOf(pair: KvPairShape | null): unknown {
  if (pair === null) return null
  const { Key, CreateIndex, ModifyIndex, LockIndex, Flags, Value, Session, ...more } = pair
  return { Key, CreateIndex, ModifyIndex, LockIndex, Flags, Value, Session: Session ?? '', ...more }
}

/** Agents answer with all events that they remember: after the first answer only those that came since. */
async function* newOnly(changes: Changes<readonly EventShape[]>): AsyncGenerator<Change<unknown>> {
  let last: string | undefined
  for await (const change of changes) {
    const known = change.value.findIndex(({ ID }) => ID === last)
    const events = change.value.slice(known + 1)
    if (events.length === 0 && last !== undefined) continue
    last = change.value.at(-1)?.ID
    yield { ...change, value: events }
  }
}
