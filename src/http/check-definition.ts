// Definitions of checks: kept in the form in which they are printed, so that printing is free.
import { type OrderedField, ordered } from '../definition/ordered.ts'
import { duration } from '../definition/duration.ts'
import { formatDuration } from '../lib/durations.ts'
import type { Json, JsonObject } from '../model/catalog.ts'
import { type Reader, bool, integer, map, text, textListReader } from '../definition/decode.ts'
import { mismatch } from '../definition/misfit.ts'

/** A duration in nanoseconds; 0 for '' as well. */
const nanos: Reader<number> = (value, at) => (value === '' ? 0 : duration(value, at))

/** A duration printed as text; '' for none. */
const durationText: Reader<Json> = (value, at) => {
  const given = nanos(value, at)
  return given === 0 ? '' : formatDuration(given)
}

const fields: readonly OrderedField[] = [
  { name: 'Interval', reader: durationText, aliases: ['IntervalDuration'] },
  { name: 'OutputMaxSize', reader: integer('uint') },
  { name: 'Timeout', reader: durationText, aliases: ['TimeoutDuration'] },
  {
    name: 'DeregisterCriticalServiceAfter',
    reader: durationText,
    aliases: ['DeregisterCriticalServiceAfterDuration'],
  },
  { name: 'HTTP', reader: text() },
  { name: 'TLSServerName', reader: text() },
  { name: 'TLSSkipVerify', reader: bool },
  { name: 'Header', reader: map(textListReader, 'map[string][]string') },
  { name: 'Method', reader: text() },
  { name: 'Body', reader: text() },
  { name: 'DisableRedirects', reader: bool },
  { name: 'TCP', reader: text() },
  { name: 'TCPUseTLS', reader: bool },
  { name: 'UDP', reader: text() },
  { name: 'H2PING', reader: text() },
  { name: 'H2PingUseTLS', reader: bool },
  { name: 'OSService', reader: text() },
  { name: 'ScriptArgs', reader: textListReader },
  { name: 'DockerContainerID', reader: text() },
  { name: 'Shell', reader: text() },
  { name: 'GRPC', reader: text() },
  { name: 'GRPCUseTLS', reader: bool },
  { name: 'AliasNode', reader: text() },
  { name: 'AliasService', reader: text() },
  { name: 'TTL', reader: nanos },
]

const anyDefinition = ordered(fields, { goType: 'structs.HealthCheckDefinition', isOpen: true })

/** Reads a definition; `{}` for null. The reference names the field as a whole when a part of it does not fit. */
export const checkDefinition: Reader<JsonObject> = (value, at) => {
  if (value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value))
    throw mismatch(value, at, 'structs.HealthCheckDefinition')
  return anyDefinition(value, at) ?? {}
}

/** Fields that make a type of check, in the order in which the reference looks for them. */
const types: readonly { readonly type: string; readonly needs: readonly string[] }[] = [
  { type: 'grpc', needs: ['GRPC', 'Interval'] },
  { type: 'http', needs: ['HTTP', 'Interval'] },
  { type: 'ttl', needs: ['TTL'] },
  { type: 'tcp', needs: ['TCP', 'Interval'] },
  { type: 'udp', needs: ['UDP', 'Interval'] },
  { type: 'h2ping', needs: ['H2PING', 'Interval'] },
  { type: 'os_service', needs: ['OSService', 'Interval'] },
  { type: 'alias', needs: ['AliasNode'] },
  { type: 'alias', needs: ['AliasService'] },
  { type: 'docker', needs: ['DockerContainerID', 'ScriptArgs', 'Interval'] },
  { type: 'script', needs: ['ScriptArgs'] },
]

/** The type of check that a definition makes; '' if none. */
export function checkType(definition: JsonObject): string {
  const found = types.find(({ needs }) => needs.every((name) => Object.hasOwn(definition, name)))
  return found?.type ?? ''
}
