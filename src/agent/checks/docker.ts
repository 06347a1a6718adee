// Checks that run a program in a Docker container, through the API of the Docker engine: create, start, inspect.
import type { CheckRun } from '../../model/definition.ts'
import { HostError, type HttpFetchOptions } from '../../runtime/host.ts'
import { sleep } from '../sleep.ts'
import { userShell } from '../shell.ts'
import type { RunParts, Runner } from './runner.ts'
import { exitStatus } from './script.ts'
import { Tail, capturedText, critical, failureText, textOf, timedOutText } from './texts.ts'

type DockerRun = Extract<CheckRun, { readonly type: 'docker' }>

/** Where the engine listens when the environment does not say otherwise. */
const defaultHost = 'unix:///var/run/docker.sock'
/** Bytes of an answer in JSON that are read. */
const jsonBytesMax = 64 * 1024
/** Of a program's output so much is read at a time, with a pause after it. */
const burstBytesMax = 256 * 1024
const pauseMs = 5

/** Runs the check's program in its container. */
export const runDocker: Runner<'docker'> = async (run, parts) => {
  try {
    return await execute(run, parts)
  } catch (error) {
    if (parts.signal.aborted) return critical(timedOutText(run.timeoutMs))
    return critical(error instanceof Refused ? error.message : String(error))
  }
}

/** What went wrong, in the words of the output. */
class Refused extends Error {}

interface Engine {
  /** `http://host:port`, without a path. */
  readonly base: string
  readonly options: Pick<HttpFetchOptions, 'unixPath'>
  /** For messages. */
  readonly name: string
}

/** The engine that `DOCKER_HOST` names. */
function engineOf({ host }: RunParts): Engine {
  const at = host.system.env['DOCKER_HOST'] ?? ''
  const [, scheme = '', rest = ''] = /^(\w+):\/\/(.+?)\/*$/.exec(at === '' ? defaultHost : at) ?? []
  if (scheme === 'unix') return { base: 'http://localhost', options: { unixPath: rest }, name: rest }
  if (scheme === 'tcp' || scheme === 'http') return { base: `http://${rest}`, options: {}, name: rest }
  throw new Refused(`unable to parse docker host ${JSON.stringify(at)}`)
}

async function execute(run: DockerRun, parts: RunParts): ReturnType<Runner<'docker'>> {
  const engine = engineOf(parts)
  const container = encodeURIComponent(run.container)
  const created = await ask(engine, parts, {
    what: `create exec failed for container ${run.container}`,
    path: `/containers/${container}/exec`,
    body: {
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      Cmd: commandOf(run, parts),
    },
  })
  const { Id: id } = (await jsonOf(created)) as { readonly Id?: unknown }
  if (typeof id !== 'string' || id === '')
    throw new Refused(`create exec failed for container ${run.container}: no Id`)
  const exec = `/exec/${encodeURIComponent(id)}`
  const started = await ask(engine, parts, {
    what: `start exec failed for container ${run.container}`,
    path: `${exec}/start`,
    body: { Detach: false, Tty: true },
  })
  const output = await outputOf(started, parts)
  const inspected = await ask(engine, parts, {
    what: `inspect exec failed for container ${run.container}`,
    path: `${exec}/json`,
  })
  const { ExitCode: code } = (await jsonOf(inspected)) as { readonly ExitCode?: unknown }
  return { status: exitStatus(typeof code === 'number' ? code : null), output }
}

/** One argument alone is a line for the shell, if a shell is given. */
function commandOf({ args, shell }: DockerRun, { host }: RunParts): readonly string[] {
  const [only] = args
  const isLine = args.length === 1 && only !== undefined && /\s/.test(only)
  if (!isLine) return args
  return [shell === '' ? userShell(host.system) : shell, '-c', only]
}

interface Question {
  /** What failed if it does. */
  readonly what: string
  readonly path: string
  /** Absent: a GET. */
  readonly body?: unknown
}

async function ask(engine: Engine, { host, signal }: RunParts, question: Question): Promise<Response> {
  const { what, path, body } = question
  let response: Response
  try {
    response = await host.http.fetch(engine.base + path, {
      ...engine.options,
      signal,
      keepAlive: false,
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined
        ? {}
        : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    })
  } catch (error) {
    throw new Refused(`${what}: ${reasonOf(error, engine)}`)
  }
  if (response.ok) return response
  const { message } = (await jsonOf(response).catch(() => ({}))) as { readonly message?: unknown }
  throw new Refused(`${what} with status ${response.status}: ${typeof message === 'string' ? message : ''}`)
}

function reasonOf(error: unknown, { name, options }: Engine): string {
  if (options.unixPath === undefined || !(error instanceof HostError)) return failureText(error, 'tcp', name)
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'no such file or directory',
    ECONNREFUSED: 'connection refused',
    EACCES: 'permission denied',
  }
  return `dial unix ${name}: connect: ${reasons[error.code] ?? error.message}`
}

/** An answer in JSON, if it is an object. */
async function jsonOf(response: Response): Promise<object> {
  const tail = new Tail(jsonBytesMax)
  for await (const bytes of response.body ?? []) {
    tail.add(bytes)
    if (tail.total > jsonBytesMax) throw new Refused('the answer of the Docker engine is too large')
  }
  try {
    const value: unknown = JSON.parse(textOf(tail.bytes()))
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    throw new Refused('the answer of the Docker engine is not JSON')
  }
}

/** The last bytes of what the program prints. It is read slowly when there is much of it. */
async function outputOf(response: Response, { host, check, signal }: RunParts): Promise<string> {
  const tail = new Tail(check.outputBytesMax)
  let burstBytes = 0
  for await (const bytes of response.body ?? []) {
    tail.add(bytes)
    burstBytes += bytes.length
    if (burstBytes < burstBytesMax) continue
    burstBytes = 0
    await sleep(host.clock, pauseMs, signal)
  }
  signal.throwIfAborted()
  return capturedText(tail.bytes(), tail.total)
}
