// A host for command tests: the real one with its console caught, its environment given and its HTTP answered here.
import type { Host } from '../../../src/runtime/host.ts'
import { nodeHost } from '../../../src/runtime/node.ts'
import { main } from '../../../src/cli/main.ts'

/** What a command printed and returned. */
export interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** What surrounds a command. */
export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly programName?: string
  readonly isTerminal?: boolean
  readonly stdin?: string
  /** Answers requests; without it nobody listens. */
  readonly answer?: (method: string, url: URL, body: string, headers: Headers) => Response | Promise<Response>
}

/** Runs a command line to its end. */
export async function run(args: readonly string[], around: Surroundings = {}): Promise<Outcome> {
  const printed = { out: '', err: '' }
  const code = await main(hostOf(args, around, printed))
  return { code, ...printed }
}

function hostOf(args: readonly string[], around: Surroundings, printed: { out: string; err: string }): Host {
  const real = nodeHost()
  return {
    ...real,
    system: {
      ...real.system,
      args,
      env: around.env ?? {},
      programName: around.programName ?? 'proconsul',
      hostname: () => 'test-host',
    },
    console: {
      out: (text) => {
        printed.out += typeof text === 'string' ? text : new TextDecoder().decode(text)
      },
      err: (text) => {
        printed.err += text
      },
      readStdin: () => Promise.resolve(new TextEncoder().encode(around.stdin ?? '')),
      isTerminal: around.isTerminal ?? false,
    },
    http: {
      serve: () => Promise.reject(new Error('commands do not serve')),
      async fetch(url, options) {
        if (around.answer === undefined) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
        const body = options.body ?? ''
        const text = await new Response(body as BodyInit).text()
        return around.answer(options.method ?? 'GET', new URL(url), text, new Headers(options.headers))
      },
    },
  }
}
