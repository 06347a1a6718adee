// The fields of a check's definition, in both spellings.
import {
  type Fields,
  type Reader,
  type Row,
  bool,
  integer,
  isEmpty,
  map,
  struct,
  text,
  textListReader,
} from './decode.ts'
import { duration } from './duration.ts'

/** A check as it was given. Durations are nanoseconds. */
export interface GivenCheck {
  readonly CheckID: string
  readonly Name: string
  readonly Notes: string
  readonly Status: string
  readonly ServiceID: string
  readonly Token: string
  readonly ScriptArgs: readonly string[]
  readonly HTTP: string
  readonly Method: string
  readonly Header: Readonly<Record<string, readonly string[]>>
  readonly Body: string
  readonly DisableRedirects: boolean
  readonly TCP: string
  readonly TCPUseTLS: boolean
  readonly UDP: string
  readonly TTL: number
  readonly DockerContainerID: string
  readonly Shell: string
  readonly GRPC: string
  readonly GRPCUseTLS: boolean
  readonly H2PING: string
  /** Null if absent: then it is used. */
  readonly H2PingUseTLS: boolean | null
  readonly AliasNode: string
  readonly AliasService: string
  readonly OSService: string
  readonly TLSSkipVerify: boolean
  readonly TLSServerName: string
  readonly Interval: number
  readonly Timeout: number
  readonly OutputMaxSize: number
  readonly SuccessBeforePassing: number
  readonly FailuresBeforeWarning: number
  readonly FailuresBeforeCritical: number
  readonly DeregisterCriticalServiceAfter: number
}

function row<T>(reader: Reader<T>, config: readonly string[], api: readonly string[] = []): Row<T> {
  return { reader, config, api }
}

const boolOrNull: Reader<boolean | null> = (value, at) => (value === null ? null : bool(value, at))

const fields: Fields<GivenCheck> = {
  CheckID: row(text('types.CheckID'), ['id'], ['ID']),
  Name: text(),
  Notes: text(),
  Status: text(),
  ServiceID: row(text(), ['service_id', 'serviceid'], ['service_id']),
  Token: text(),
  ScriptArgs: row(textListReader, ['args', 'scriptargs'], ['Args', 'script_args']),
  HTTP: text(),
  Method: text(),
  Header: map(textListReader, 'map[string][]string'),
  Body: text(),
  DisableRedirects: row(bool, ['disable_redirects']),
  TCP: text(),
  TCPUseTLS: row(bool, ['tcp_use_tls']),
  UDP: text(),
  TTL: duration,
  DockerContainerID: row(text(), ['docker_container_id', 'dockercontainerid'], ['docker_container_id']),
  Shell: text(),
  GRPC: text(),
  GRPCUseTLS: row(bool, ['grpc_use_tls']),
  H2PING: text(),
  H2PingUseTLS: row(boolOrNull, ['h2ping_use_tls']),
  AliasNode: row(text(), ['alias_node']),
  AliasService: row(text(), ['alias_service']),
  OSService: row(text(), ['os_service']),
  TLSSkipVerify: row(bool, ['tls_skip_verify', 'tlsskipverify'], ['tls_skip_verify']),
  TLSServerName: row(text(), ['tls_server_name']),
  Interval: duration,
  Timeout: duration,
  OutputMaxSize: row(integer(), ['output_max_size']),
  SuccessBeforePassing: row(integer(), ['success_before_passing']),
  FailuresBeforeWarning: row(integer(), ['failures_before_warning']),
  FailuresBeforeCritical: row(integer(), ['failures_before_critical']),
  DeregisterCriticalServiceAfter: row(
    duration,
    ['deregister_critical_service_after', 'deregistercriticalserviceafter'],
    ['deregister_critical_service_after'],
  ),
}

/** A check by itself. */
export const checkReader: Reader<GivenCheck | null> = struct(fields, {
  goType: 'structs.CheckDefinition',
  goName: '',
  ineffective: ['namespace', 'partition', 'enterprisemeta'],
})

/** A check within a service: the API names the service's field alone when a part of it does not fit. */
export const serviceCheckReader: Reader<GivenCheck | null> = struct(fields, {
  goType: 'structs.CheckType',
  isOpaque: true,
  ineffective: ['namespace', 'partition', 'enterprisemeta'],
})

/** True if nothing was given: such a check is none. */
export function isEmptyCheck(given: GivenCheck): boolean {
  return Object.values(given).every(isEmpty)
}
