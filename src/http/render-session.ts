// Sessions as JSON text, field for field in the reference's order.
import type { Session } from '../model/session.ts'
import { quote, renderList, textList } from './json.ts'

/** A session. The reference prints `null` for service checks that were never given. */
export function renderSession(session: Session): string {
  const serviceChecks =
    session.serviceChecks.length === 0
      ? 'null'
      : renderList(
          session.serviceChecks,
          ({ id, namespace }) => `{"ID":${quote(id)},"Namespace":${quote(namespace)}}`,
        )
  return (
    `{"ID":${quote(session.id)},"Name":${quote(session.name)},"Node":${quote(session.node)},` +
    `"LockDelay":${session.lockDelayNanos},"Behavior":${quote(session.behavior)},` +
    `"TTL":${quote(session.ttl)},"NodeChecks":${textList(session.nodeChecks)},` +
    `"ServiceChecks":${serviceChecks},` +
    `"CreateIndex":${session.createIndex},"ModifyIndex":${session.modifyIndex}}`
  )
}

/** A list of sessions. */
export function renderSessions(sessions: readonly Session[]): string {
  return renderList(sessions, renderSession)
}
