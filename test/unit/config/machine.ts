// A machine for configuration tests: files in memory, interfaces as given.
import type { AgentConfig } from '../../../src/config/agent-config.ts'
import { flagMap, parseFlags } from '../../../src/config/flags.ts'
import type { InterfaceAddress } from '../../../src/config/ip.ts'
import { loadConfig, type ConfigHost } from '../../../src/config/load.ts'
import { agentFlags } from '../../../src/config/settings.ts'

/** An interface address with the netmask of its family's usual network. */
export function onInterface(
  name: string,
  ip: string,
  bits: number = ip.includes(':') ? 64 : 24,
): InterfaceAddress {
  return {
    name,
    ip,
    family: ip.includes(':') ? 6 : 4,
    netmask: netmaskOf(ip, bits),
    isLoopback: name === 'lo',
  }
}

function netmaskOf(ip: string, bits: number): string {
  const isV6 = ip.includes(':')
  const ones = '1'.repeat(bits).padEnd(isV6 ? 128 : 32, '0')
  const groups = ones.match(isV6 ? /.{16}/g : /.{8}/g) ?? []
  return groups.map((group) => Number.parseInt(group, 2).toString(isV6 ? 16 : 10)).join(isV6 ? ':' : '.')
}

/** The usual machine: loopback and one private address. */
export const usual: readonly InterfaceAddress[] = [
  onInterface('lo', '127.0.0.1', 8),
  onInterface('lo', '::1', 128),
  onInterface('eth0', '10.0.0.5'),
]

/** Files by path; a path that others begin with is a directory. `denied` cannot be read. */
export type FileTree = Readonly<Record<string, string>>

/** Makes the host. */
export function machine(files: FileTree = {}, interfaces: readonly InterfaceAddress[] = usual): ConfigHost {
  const names = Object.keys(files)
  const failure = (code: string): Error => Object.assign(new Error(code), { code })
  return {
    files: {
      read(path) {
        const text = files[path]
        if (text === 'denied') return Promise.reject(failure('EACCES'))
        return text === undefined
          ? Promise.reject(failure('ENOENT'))
          : Promise.resolve(new TextEncoder().encode(text))
      },
      list: (path) =>
        Promise.resolve(
          names
            .filter((name) => name.startsWith(`${path}/`))
            .map((name) => name.slice(path.length + 1))
            .toSorted(),
        ),
      stat(path) {
        if (path in files) return Promise.resolve({ kind: 'file' })
        const isDirectory = names.some((name) => name.startsWith(`${path}/`))
        return isDirectory ? Promise.resolve({ kind: 'directory' }) : Promise.reject(failure('ENOENT'))
      },
    },
    system: { hostname: () => 'host-1', interfaces: () => interfaces, cwd: '/home/me' },
  }
}

/** The configuration, or its problems as lines `source | message`. */
export async function load(
  args: readonly string[],
  host: ConfigHost = machine(),
): Promise<AgentConfig | readonly string[]> {
  const parsed = parseFlags(flagMap(agentFlags), args)
  if (!parsed.ok) throw new Error(parsed.error.kind === 'wrong' ? parsed.error.message : 'help')
  const loaded = await loadConfig({ uses: parsed.value.uses, args }, host)
  return loaded.ok ? loaded.value : loaded.error.map(({ source, message }) => `${source} | ${message}`)
}

/** The configuration; fails the test when there are problems. */
export async function loaded(args: readonly string[], host: ConfigHost = machine()): Promise<AgentConfig> {
  const result = await load(args, host)
  if ('nodeName' in result) return result
  throw new Error(result.join('\n'))
}
