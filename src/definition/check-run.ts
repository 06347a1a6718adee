// What a check does, out of what was given: its kind, its defaults.
import type { CheckRun, CheckTiming, CheckTls } from '../model/definition.ts'
import type { GivenCheck } from './check-fields.ts'

const defaultTimeoutMs = 10_000
const scriptTimeoutMs = 30_000

/** Whole milliseconds; what is given is never nothing. */
export function millis(nanos: number): number {
  return nanos <= 0 ? 0 : Math.max(1, Math.round(nanos / 1e6))
}

/** A kind of check: what shows that it is meant, and what it then does. */
interface Kind {
  readonly type: CheckRun['type']
  readonly isGiven: (given: GivenCheck) => boolean
  readonly run: (given: GivenCheck, timing: (defaultMs: number) => CheckTiming) => CheckRun
}

/** In the order in which the reference decides. */
const kinds: readonly Kind[] = [
  {
    type: 'ttl',
    isGiven: ({ TTL }) => TTL > 0,
    run: ({ TTL }) => ({ type: 'ttl', ttlMs: millis(TTL) }),
  },
  {
    type: 'http',
    isGiven: ({ HTTP }) => HTTP !== '',
    run: (given, timing) => httpRun(given, timing(defaultTimeoutMs)),
  },
  {
    type: 'tcp',
    isGiven: ({ TCP }) => TCP !== '',
    run: (given, timing) => ({
      type: 'tcp',
      address: given.TCP,
      tls: given.TCPUseTLS ? tlsOf(given) : null,
      ...timing(defaultTimeoutMs),
    }),
  },
  {
    type: 'udp',
    isGiven: ({ UDP }) => UDP !== '',
    run: ({ UDP }, timing) => ({ type: 'udp', address: UDP, ...timing(defaultTimeoutMs) }),
  },
  {
    type: 'grpc',
    isGiven: ({ GRPC }) => GRPC !== '',
    run: (given, timing) => grpcRun(given, timing(defaultTimeoutMs)),
  },
  {
    type: 'h2ping',
    isGiven: ({ H2PING }) => H2PING !== '',
    run: (given, timing) => ({
      type: 'h2ping',
      address: given.H2PING,
      tls: given.H2PingUseTLS === false ? null : tlsOf(given),
      ...timing(defaultTimeoutMs),
    }),
  },
  {
    type: 'os_service',
    isGiven: ({ OSService }) => OSService !== '',
    run: ({ OSService }, timing) => ({ type: 'os_service', name: OSService, ...timing(defaultTimeoutMs) }),
  },
  {
    type: 'docker',
    isGiven: ({ ScriptArgs, DockerContainerID }) => ScriptArgs.length > 0 && DockerContainerID !== '',
    run: ({ DockerContainerID, Shell, ScriptArgs }, timing) => {
      // Without a timeout of its own it may take until the next run.
      const { intervalMs } = timing(0)
      return {
        type: 'docker',
        container: DockerContainerID,
        shell: Shell,
        args: ScriptArgs,
        ...timing(intervalMs),
      }
    },
  },
  {
    type: 'script',
    isGiven: ({ ScriptArgs, DockerContainerID }) => ScriptArgs.length > 0 && DockerContainerID === '',
    run: ({ ScriptArgs }, timing) => ({ type: 'script', args: ScriptArgs, ...timing(scriptTimeoutMs) }),
  },
  {
    type: 'alias',
    isGiven: ({ AliasNode, AliasService }) => AliasNode !== '' || AliasService !== '',
    run: ({ AliasNode, AliasService }) => ({ type: 'alias', node: AliasNode, service: AliasService }),
  },
]

/** The kinds that a check could be; the first one counts. */
export function kindsOf(given: GivenCheck): readonly CheckRun['type'][] {
  return kinds.filter(({ isGiven }) => isGiven(given)).map(({ type }) => type)
}

/** What a check that has no fault does. */
export function runOf(given: GivenCheck, intervalMs: number): CheckRun {
  const timing = (defaultMs: number): CheckTiming => ({
    intervalMs,
    timeoutMs: given.Timeout > 0 ? millis(given.Timeout) : defaultMs,
  })
  const kind = kinds.find(({ isGiven }) => isGiven(given))
  return kind === undefined ? { type: 'ttl', ttlMs: millis(given.TTL) } : kind.run(given, timing)
}

function httpRun(given: GivenCheck, timing: CheckTiming): CheckRun {
  return {
    type: 'http',
    url: given.HTTP,
    method: given.Method === '' ? 'GET' : given.Method,
    headers: given.Header,
    body: given.Body,
    followsRedirects: !given.DisableRedirects,
    tls: tlsOf(given),
    ...timing,
  }
}

/** `host:port/service`; without a service the server as a whole is asked. */
function grpcRun(given: GivenCheck, timing: CheckTiming): CheckRun {
  const slash = given.GRPC.indexOf('/')
  return {
    type: 'grpc',
    address: slash < 0 ? given.GRPC : given.GRPC.slice(0, slash),
    service: slash < 0 ? '' : given.GRPC.slice(slash + 1),
    tls: given.GRPCUseTLS ? tlsOf(given) : null,
    ...timing,
  }
}

function tlsOf({ TLSSkipVerify, TLSServerName }: GivenCheck): CheckTls {
  return { skipVerify: TLSSkipVerify, serverName: TLSServerName }
}
