// What a watch is of, as a stream of answers: one way for the command line and for agents.
import type { WatchSubject } from '../../model/watch.ts'
import type { Client } from '../client.ts'
import type { EventShape, KvPairShape } from './shapes.ts'
import type { Change, Changes, WatchOptions } from './watch.ts'

/** Every answer that differs from the one before it, the first one included, in the form that handlers are given. */
export function watchSubject(
  client: Client,
  subject: WatchSubject,
  given: WatchOptions,
): AsyncIterable<Change<unknown>> {
  const { filter } = subject
  const options = { ...given, ...(filter !== '' && { filter }) }
  switch (subject.type) {
    case 'key':
      return mapped(client.watchKv(subject.key, options), pairOf)
    case 'keyprefix':
      return mapped(client.watchKvPrefix(subject.prefix, options), (pairs) =>
        pairs.length === 0 ? null : pairs.map(pairOf),
      )
    case 'services':
      return client.watchServices(options)
    case 'nodes':
      return client.watchNodes(options)
    case 'service': {
      const { service, passingOnly: passing, tags } = subject
      return client.watchService(service, { ...options, passing, tags })
    }
    case 'checks':
      return subject.service === ''
        ? client.watchChecks(subject.state === '' ? 'any' : subject.state, options)
        : client.watchServiceChecks(subject.service, options)
    case 'event': {
      const { name } = subject
      return newOnly(client.watchEvents({ ...options, ...(name !== '' && { name }) }))
    }
    default:
      return subject.type satisfies never
  }
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
