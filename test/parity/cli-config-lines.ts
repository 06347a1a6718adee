// Command lines about configuration entries.
import type { CliLine } from './cli-lines.ts'

function lines(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ args: text.split(' ') }))
}

function write(stdin: string, ...flags: readonly string[]): CliLine {
  return { args: ['config', 'write', ...flags, '-'], stdin }
}

function help(...texts: readonly string[]): readonly CliLine[] {
  return lines(...texts).map((line) => ({ ...line, isHelp: true }))
}

/** All of them. */
export const configLines: readonly CliLine[] = [
  ...help('config', 'config -h', 'config read -h', 'config write -h', 'config list -h', 'config delete -h'),
  ...help('config nosuch', 'config read -nosuch'),
  ...lines('config read', 'config read -kind service-defaults', 'config list'),
  ...lines('config delete', 'config delete -kind service-defaults', 'config delete -kind zz -name a'),
  ...lines('config write', 'config write a b', 'config write nosuchfile'),
  ...lines('config list -kind zz', 'config list -kind service-defaults'),
  write('Kind = "service-defaults"\nName = "web"\nProtocol = "http"\nMeshGateway { Mode = "local" }\n'),
  write('kind = "service-resolver"\nname = "web"\nsubsets = {\n v1 = { only_passing = true }\n}\n'),
  write('{"Kind":"proxy-defaults","Name":"global","Config":{"a":1}}'),
  write('{"Kind":"service-defaults","Name":"web"}', '-cas'),
  write('{"Kind":"service-defaults","Name":"web"}', '-cas', '-modify-index', '3'),
  write('Name = "web"\n'),
  write('Kind = "service-defaults"\nName = "web"\nZz = 1\n'),
  write('Kind = "zz"\nName = "web"\n'),
  write('Kind = "service-splitter"\nName = "web"\nSplits { weight = 60 }\n'),
  write(
    'Kind = "service-splitter"\nName = "web"\nSplits {\n weight = 50\n}\nSplits {\n weight = 50\n service = "b"\n}\n',
  ),
  ...lines('config read -kind service-defaults -name web', 'config read -kind service-resolver -name web'),
  ...lines('config read -kind service-defaults -name zz', 'config read -kind zz -name zz'),
  ...lines('config list -kind service-defaults', 'config list -kind proxy-defaults'),
  ...lines(
    'config delete -kind service-resolver -name web',
    'config delete -kind service-resolver -name web',
  ),
  ...lines('config list -kind service-defaults -http-addr=127.0.47.9:1'),
]
