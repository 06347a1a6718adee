// `agent`: loads the configuration, prints the reference's banner, and runs the agent to its end.
import type { AgentConfig, HttpListenAddress } from '../../config/agent-config.ts'
import { loadConfig } from '../../config/load.ts'
import { commit, buildDate, version } from '../../model/version.ts'
import type { Console, Host } from '../../runtime/host.ts'
import type { Context } from '../command.ts'
import { renderProblems } from '../problems.ts'

/** Runs `agent`. */
export async function agent(context: Context): Promise<number> {
  const { host, args } = context
  if (args.length > 0) {
    context.complain(
      `Unexpected extra arguments: [${args.join(' ')}]; flags must stand before other arguments`,
    )
    return 1
  }
  const loaded = await loadConfig({ uses: context.uses, args: context.rawArgs }, host)
  if (!loaded.ok) {
    context.complain(renderProblems('Cannot start the agent', loaded.error))
    return 1
  }
  return start(context, loaded.value)
}

async function start(context: Context, config: AgentConfig): Promise<number> {
  const { host } = context
  context.print('==> Starting Consul agent...')
  const gate = new ConsoleGate(host.console)
  const { createAgent } = await import('../../agent/agent.ts')
  try {
    const running = await createAgent(config, gatedHost(host, gate))
    context.print(banner(config, running.id))
    gate.open()
    context.print('==> Consul agent running!')
    return await running.run()
  } catch (error) {
    gate.open()
    if (!(error instanceof Error) || error.name !== 'StartError') throw error
    context.complain(`Cannot start the agent: ${error.message}`)
    return 1
  }
}

/** Holds what the agent logs while it starts, so that the banner stands before it. */
class ConsoleGate implements Console {
  readonly #console: Console
  #held: (string | Uint8Array)[] | null = []

  constructor(console: Console) {
    this.#console = console
  }

  out(text: string | Uint8Array): void {
    if (this.#held === null) this.#console.out(text)
    else this.#held.push(text)
  }

  err(text: string): void {
    this.#console.err(text)
  }

  readStdin(): Promise<Uint8Array> {
    return this.#console.readStdin()
  }

  get isTerminal(): boolean {
    return this.#console.isTerminal
  }

  /** Lets everything through from now on. */
  open(): void {
    for (const text of this.#held ?? []) this.#console.out(text)
    this.#held = null
  }
}

function gatedHost(host: Host, gate: Console): Host {
  return { ...host, console: gate }
}

/** What an agent tells of itself at its start, in the reference's layout. */
export function banner(config: AgentConfig, nodeId: string): string {
  const { ports, advertise } = config
  const clients = `[${[...new Set([...config.httpListen, ...config.dnsListen].map(hostOf))].join(' ')}]`
  const rows: readonly (readonly [string, string])[] = [
    ['Version', `'${version}'`],
    ['Build Date', `'${buildDate}'`],
    ...(commit === '' ? [] : [['Revision', `'${commit}'`] as const]),
    ['Node ID', `'${nodeId}'`],
    ['Node name', `'${config.nodeName}'`],
    ['Datacenter', `'${config.datacenter}' (Segment: '${config.server ? '<all>' : ''}')`],
    ['Server', `${config.server} (Bootstrap: ${config.bootstrap})`],
    ['Client Addr', `${clients} (HTTP: ${ports.http}, HTTPS: -1, gRPC: -1, gRPC-TLS: -1, DNS: ${ports.dns})`],
    ['Cluster Addr', `${advertise.lan} (LAN: ${ports.serfLan}, WAN: ${ports.serfWan})`],
    ['Gossip Encryption', 'false'],
    ['ACL Default Policy', 'allow'],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  const lines = rows.map(([name, value]) => `${name.padStart(width)}: ${value}`)
  return [...lines, '', '==> Log data will now stream in as it occurs:', ''].join('\n')
}

function hostOf(address: HttpListenAddress): string {
  return 'unixPath' in address ? `unix://${address.unixPath}` : address.ip
}
