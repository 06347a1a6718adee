// Command lines about an agent's own services. Files are named from the repository's root.
import type { CliLine } from './cli-lines.ts'

const folder = 'test/parity/services'

function lines(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ args: text.split(' '), isInRepository: true }))
}

function help(...texts: readonly string[]): readonly CliLine[] {
  return lines(...texts).map((line) => ({ ...line, isHelp: true }))
}

/** All of them. */
export const servicesLines: readonly CliLine[] = [
  ...help('services', 'services -h', 'services nosuch', 'services register -h', 'services deregister -h'),
  ...help(
    'maint -h',
    'maint -nosuch',
    'services register -name=q -port=x',
    'services register -name=q -meta=x',
  ),
  ...lines('services register', 'services register -id=x', `services register -name=x ${folder}/web.json`),
  ...lines(`services register ${folder}/nosuch.json`, `services register ${folder}/nameless.json`),
  ...lines(`services register ${folder}/check.json`, `services register ${folder}/web.json`),
  ...lines(`services register ${folder}/several.hcl ${folder}/web.json`, 'services register -name=foo'),
  ...lines(
    'services register -name=foo -id=f1 -port=5 -address=1.2.3.4 -tag=a -tag=b -meta=k=v -tagged-address=lan=9.9.9.9:5 -kind=x',
  ),
  ...lines(
    'services register -name=q -tagged-address=lan=9.9.9.9',
    'services register -name=q -tagged-address=lan=',
  ),
  ...lines('services register -name=q -kind=connect-proxy', 'services register -name=q -meta=consul-x=y'),
  ...lines('maint', 'maint -enable', 'maint', 'maint -enable -reason=foo', 'maint -enable -disable'),
  ...lines(
    'maint -reason=x',
    'maint -disable -reason=x',
    'maint -service=x',
    'maint -enable -service=f1 -reason=r',
  ),
  ...lines('maint -enable -service=nope', 'maint -disable', 'maint', 'maint -disable -service=f1', 'maint'),
  ...lines('maint x', 'maint -enable x', 'maint -disable', 'maint -enable -disable -service=x'),
  ...lines('services deregister', `services deregister -id=a ${folder}/web.json`),
  ...lines(`services deregister ${folder}/nosuch.json`, `services deregister ${folder}/web.json`),
  ...lines(
    `services deregister ${folder}/several.hcl`,
    'services deregister -id=f1',
    'services deregister -id=foo',
  ),
  ...lines('maint -http-addr=127.0.47.9:1', 'maint -enable -http-addr=127.0.47.9:1'),
  ...lines(
    'services register -http-addr=127.0.47.9:1 -name=x',
    'maint -disable -service=x -http-addr=127.0.47.9:1',
  ),
]
