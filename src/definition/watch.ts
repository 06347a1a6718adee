// Watches in configuration files (`watches`), of which an agent tells programs and web servers.
import {
  type WatchDefinition,
  type WatchHandler,
  type WatchSubject,
  watchFault,
  watchTakes,
  type WatchType,
} from '../model/watch.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type Fields, type Reader, bool, list, map, struct, text, textListReader } from './decode.ts'
import { duration } from './duration.ts'

/** A watch as it was given. Durations are nanoseconds. */
interface GivenWatch {
  readonly Type: string
  readonly Key: string
  readonly Prefix: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly PassingOnly: boolean
  readonly State: string
  readonly Name: string
  readonly ServiceID: string
  readonly Filter: string
  readonly Datacenter: string
  readonly Token: string
  readonly Stale: boolean
  readonly HandlerType: string
  readonly Handler: string
  readonly Args: readonly string[]
  readonly Http: GivenHttp | null
}

interface GivenHttp {
  readonly Path: string
  readonly Method: string
  readonly Timeout: number
  readonly Header: Readonly<Record<string, readonly string[]>>
  readonly TLSSkipVerify: boolean
}

const oneOrMore: Reader<readonly string[]> = (value, at) =>
  typeof value === 'string' ? [value] : textListReader(value, at)

const httpFields: Fields<GivenHttp> = {
  Path: text(),
  Method: text(),
  Timeout: duration,
  Header: map(list(text(), '[]string'), 'map[string][]string'),
  TLSSkipVerify: { reader: bool, config: ['tls_skip_verify', 'tlsskipverify'] },
}

const fields: Fields<GivenWatch> = {
  Type: text(),
  Key: text(),
  Prefix: text(),
  Service: text(),
  Tags: { reader: oneOrMore, config: ['tag', 'tags'] },
  PassingOnly: bool,
  State: text(),
  Name: text(),
  ServiceID: { reader: text(), config: ['service_id', 'serviceid'] },
  Filter: text(),
  Datacenter: text(),
  Token: text(),
  Stale: bool,
  HandlerType: { reader: text(), config: ['handler_type', 'handlertype'] },
  Handler: text(),
  Args: textListReader,
  Http: {
    reader: struct(httpFields, { goType: 'structs.HTTPHandlerConfig' }),
    config: ['http_handler_config', 'httphandlerconfig'],
  },
}

/** Reads a watch; null for nothing. */
export const watchReader: Reader<GivenWatch | null> = struct(fields, { goType: 'structs.Watch' })

/** Types that need what this version does not have. */
const unsupported: ReadonlySet<string> = new Set(['connect_roots', 'connect_leaf'])

const nanosPerMs = 1e6
const httpTimeoutMs = 10_000

/** Makes a watch of what was given; the error is a sentence. */
export function buildWatch(given: GivenWatch): Result<WatchDefinition, string> {
  const type = given.Type
  if (type === '') return err('Watch type must be specified')
  if (unsupported.has(type)) return err(`Watch type "${type}" is not supported`)
  if (!isType(type)) {
    return err(`Unsupported watch type: ${type}; there are ${Object.keys(watchTakes).join(', ')}`)
  }
  const subject = subjectOf(type, given)
  const strange = strangeFields(subject)
  if (strange.length > 0) return err(`Invalid parameters: [${strange.join(' ')}]`)
  const wrong = watchFault(subject)
  if (wrong !== null) return err(wrong)
  const handler = handlerOf(given)
  if (typeof handler === 'string') return err(handler)
  const { Datacenter: datacenter, Token: token, Stale: stale } = given
  return ok({ subject, datacenter, token, stale, handler })
}

function isType(type: string): type is WatchType {
  return Object.hasOwn(watchTakes, type)
}

function subjectOf(type: WatchType, given: GivenWatch): WatchSubject {
  return {
    type,
    key: given.Key,
    prefix: given.Prefix,
    service: given.Service,
    tags: given.Tags,
    passingOnly: given.PassingOnly,
    state: given.State,
    name: given.Name,
    serviceId: given.ServiceID,
    filter: given.Filter,
  }
}

/** Fields that were given and that the type does not take. */
function strangeFields(subject: WatchSubject): readonly string[] {
  const { type, ...rest } = subject
  const takes = watchTakes[type]
  return Object.entries(rest).flatMap(([field, value]) => {
    const isGiven = Array.isArray(value) ? value.length > 0 : value !== '' && value !== false
    return isGiven && !takes.includes(field as keyof WatchSubject) ? [field] : []
  })
}

/** Who is told; a text says why nobody can be. */
function handlerOf(given: GivenWatch): WatchHandler | string {
  if (given.Handler !== '' && given.Args.length > 0) return 'Only one of handler and args can be given'
  switch (given.HandlerType === '' ? 'script' : given.HandlerType) {
    case 'script':
      if (given.Args.length > 0) return { kind: 'program', args: given.Args }
      return given.Handler === ''
        ? 'Handler must be given: \'args\', or an http_handler_config with handler_type "http"'
        : { kind: 'shell', command: given.Handler }
    case 'http':
      return httpHandlerOf(given.Http)
    default:
      return `Handler type '${given.HandlerType}' not recognized`
  }
}

function httpHandlerOf(given: GivenHttp | null): WatchHandler | string {
  if (given === null || given.Path === '') return "Requires 'path' to be set in http_handler_config"
  if (!/^https?:\/\/[^/]/i.test(given.Path)) return `"${given.Path}" is no URL of http:// or https://`
  return {
    kind: 'http',
    url: given.Path,
    method: given.Method === '' ? 'POST' : given.Method,
    timeoutMs: given.Timeout <= 0 ? httpTimeoutMs : Math.ceil(given.Timeout / nanosPerMs),
    headers: given.Header,
    skipVerify: given.TLSSkipVerify,
  }
}
