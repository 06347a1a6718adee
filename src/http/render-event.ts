// User events as the reference prints them.
import type { UserEvent } from '../model/user-event.ts'
import { toBase64 } from './base64.ts'
import { quote } from './json.ts'

/** An event as the reference prints it. */
export function renderEvent(event: UserEvent): string {
  const { id, name, payload, nodeFilter, serviceFilter, tagFilter, version, lamportTime } = event
  const content = payload.length === 0 ? 'null' : `"${toBase64(payload)}"`
  return (
    `{"ID":${quote(id)},"Name":${quote(name)},"Payload":${content},"NodeFilter":${quote(nodeFilter)},` +
    `"ServiceFilter":${quote(serviceFilter)},"TagFilter":${quote(tagFilter)},` +
    `"Version":${version},"LTime":${lamportTime}}`
  )
}
