// Asks one host on the runtime that runs this: `<runtime> main.ts <node|bun|deno> [pattern of names]`.

import type { Host } from '../../src/runtime/host.ts'
import { conformanceCases } from './cases.ts'
import { Skip, type World, runCases } from './harness.ts'

/** What a form of host does not do, and why that is accepted: form, name of the case, reason. */
const exceptions: readonly (readonly [string, string, string])[] = [
  [
    'bun',
    'http server: headers of a silent stream go out at once',
    'Bun sends headers with the first byte of a body',
  ],
  [
    'bun',
    'http server: pipelined requests are answered in order',
    'Bun closes the connection; no client pipelines',
  ],
  [
    'node on bun',
    'udp: a port without a listener keeps no packet back that is meant for others',
    'node:dgram of Bun loses the next packet; the host of Bun has sockets of its own',
  ],
]

async function hostOf(form: string): Promise<Host> {
  if (form === 'bun') return (await import('../../src/runtime/bun.ts')).bunHost()
  if (form === 'deno') return (await import('../../src/runtime/deno.ts')).denoHost()
  return (await import('../../src/runtime/node.ts')).nodeHost()
}

function hasLoopback6(host: Host): boolean {
  return host.system.interfaces().some((entry) => entry.ip === '::1')
}

function scriptPath(name: string): string {
  return new URL(name, import.meta.url).pathname
}

const [form = 'node', filter = ''] = process.argv.slice(2)
const host = await hostOf(form)
const directory = `/tmp/proconsul-conformance-${host.system.pid}`
await host.files.mkdir(directory)
const ip = '127.0.0.90'
const nodePath = scriptPath('../../node_modules/.bin/node')
const runtimeCommand = host.runtime === 'deno' ? [process.execPath, 'run', '-A'] : [process.execPath]
const world: World = {
  ip,
  ...(hasLoopback6(host) ? { ip6: '::1' } : {}),
  directory,
  certificates: scriptPath('certificates'),
  // Node's, for Bun's listeners have a queue of 512 at least.
  silentListener: (path) => [nodePath, scriptPath('silent-listener.ts'), path, ip],
  lockHolder: (path) => [...runtimeCommand, scriptPath('lock-holder.ts'), path],
  hasProcesses: true,
}

const pattern = new RegExp(filter)
const cases = conformanceCases(host, world)
  .filter((one) => pattern.test(one.name))
  .map((one) => {
    const names = [form, `${form} on ${host.runtime}`]
    const exception = exceptions.find(([ofForm, name]) => names.includes(ofForm) && name === one.name)
    return exception === undefined ? one : { ...one, run: () => Promise.reject(new Skip(exception[2])) }
  })
const outcome = await runCases(host, cases, (line) => host.console.out(`${line}\n`))
await host.processes.run(['rm', '-rf', directory], {})
const skipped = outcome.skipped.length > 0 ? `, ${outcome.skipped.length} skipped` : ''
host.console.out(`${outcome.passed} passed, ${outcome.failed.length} failed${skipped}\n`)
host.system.exit(outcome.failed.length === 0 ? 0 : 1)
