// The command lines whose outcome is recorded of the reference and compared with ours, in the order they are run.
import { catalogLines } from './cli-catalog-lines.ts'
import { configLines } from './cli-config-lines.ts'
import { servicesLines } from './cli-services-lines.ts'
import { eventLines } from './cli-lines-event.ts'

/** One command line. */
export interface CliLine {
  readonly args: readonly string[]
  /** Words that are our own (help, reasons): only the exit code and whether standard error is written to are compared. */
  readonly isHelp?: true
  readonly stdin?: string
  /** Run in the repository's root, for files that are there; else in `/`. */
  readonly isInRepository?: true
}

function lines(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ args: text.split(' ') }))
}

function help(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ args: text === '' ? [] : text.split(' '), isHelp: true }))
}

const cliLines: readonly CliLine[] = [
  ...help(
    '',
    '-h',
    '-help',
    '--help',
    'help',
    'nosuch',
    'kv',
    'kv -h',
    'kv nosuch',
    'operator',
    'operator raft',
  ),
  ...help(
    'operator raft nosuch',
    'catalog',
    'catalog -h',
    'members -h',
    'members x -h',
    'members -- -h',
    'join -h a',
  ),
  ...help(
    'members -nosuch',
    'members --nosuch',
    'members -status',
    'members -wan=x',
    'members ---x',
    'members -=x',
  ),
  ...help('join', 'force-leave', 'force-leave a b', 'agent -nosuch', 'agent -bootstrap-expect=x', 'agent -h'),
  ...help(
    'catalog nodes -node-meta=x',
    '-v',
    '-version',
    '--version',
    'version',
    'version -h',
    'keygen',
    'keygen -h',
  ),
  ...help(
    'validate -h',
    'monitor -h',
    'reload -h',
    'leave -h',
    'info -h',
    'kv get -h',
    'kv put -h',
    'kv delete -h',
  ),
  ...lines('members', 'members x', 'members -detailed', 'members -wan', 'members -wan -detailed'),
  ...lines(
    'members -status=alive',
    'members -status alive',
    'members --status=nobody',
    'members -status=left|failed',
  ),
  ...lines(
    'info',
    'info x',
    'operator raft list-peers',
    'operator raft list-peers -stale',
    'operator raft list-peers x',
  ),
  ...lines('catalog nodes', 'catalog nodes -detailed', 'catalog nodes x', 'catalog nodes -service=nosuch'),
  ...lines('catalog nodes -service=consul', 'catalog nodes -node-meta=a=b', 'catalog nodes -datacenter=dc9'),
  ...lines(
    'catalog nodes -near=server-one',
    'catalog nodes -stale',
    'catalog services',
    'catalog services -tags',
  ),
  ...lines('catalog services -node=client-two', 'catalog services -node=server-one', 'catalog services x'),
  ...lines('catalog services -node-meta=a=b', 'catalog services -datacenter=dc9', 'catalog datacenters'),
  ...lines('catalog datacenters x', 'force-leave nosuch', 'force-leave -prune nosuch', 'reload', 'reload x'),
  ...lines(
    'join 127.0.47.9',
    'join 127.0.47.9 127.0.47.1',
    'join 127.0.47.1 127.0.47.2',
    'join -wan 127.0.47.1',
  ),
  ...lines(
    'kv put',
    'kv put a',
    'kv put a b',
    'kv put a/b 007',
    'kv put a/c 1e3',
    'kv put a b c',
    'kv put /a/d x',
  ),
  ...lines('kv put -flags=42 f v', 'kv put -flags=18446744073709551615 g v', 'kv put -base64 h aGVsbG8='),
  ...lines('kv put i \\@x', 'kv put i @nosuchfile', 'kv put -cas i x', 'kv put -cas -modify-index=1 a x'),
  ...lines('kv put -modify-index=5 x y', 'kv put -acquire a b', 'kv put -release a b'),
  { args: ['kv', 'put', 'stdin', '-'], stdin: 'piped' },
  ...lines(
    'kv get a',
    'kv get /a',
    'kv get nosuch',
    'kv get',
    'kv get a b',
    'kv get -detailed a',
    'kv get -detailed f',
  ),
  ...lines(
    'kv get -detailed g',
    'kv get -base64 a',
    'kv get h',
    'kv get stdin',
    'kv get -keys',
    'kv get -keys a/',
  ),
  ...lines(
    'kv get -keys -separator= a',
    'kv get -keys -separator=/ a',
    'kv get -recurse a',
    'kv get -recurse nosuch',
  ),
  ...lines(
    'kv get -recurse -detailed a',
    'kv get -recurse -base64 a',
    'kv get -keys nosuch',
    'kv get -stale a',
  ),
  ...lines('kv get -recurse', 'kv get -detailed -keys a', 'kv get -recurse -keys a'),
  ...lines(
    'kv delete',
    'kv delete nosuch',
    'kv delete a/b',
    'kv delete -cas a',
    'kv delete -cas -modify-index=1 a',
  ),
  ...lines('kv delete -modify-index=1 a', 'kv delete -recurse a', 'kv delete /f', 'kv delete a b'),
  ...help('operator autopilot', 'operator autopilot nosuch', 'operator autopilot set-config -min-quorum=x'),
  ...help('operator autopilot set-config -last-contact-threshold=x', 'operator autopilot get-config -h'),
  ...help('operator autopilot set-config -h', 'operator raft remove-peer -h'),
  ...lines(
    'operator autopilot get-config',
    'operator autopilot get-config x',
    'operator autopilot get-config -stale',
    'operator autopilot get-config -datacenter=dc9',
    'operator autopilot set-config',
  ),
  ...lines(
    'operator autopilot set-config -min-quorum=3 -last-contact-threshold=300ms -max-trailing-logs=10',
    'operator autopilot set-config -cleanup-dead-servers=false -server-stabilization-time=1m30s x',
    'operator autopilot set-config -redundancy-zone-tag=az -disable-upgrade-migration -upgrade-version-tag=v',
    'operator autopilot set-config -datacenter=dc9',
    'operator autopilot get-config',
  ),
  ...lines(
    'operator raft remove-peer',
    'operator raft remove-peer x',
    'operator raft remove-peer -id=x',
    'operator raft remove-peer -address=1.2.3.4:8300',
    'operator raft remove-peer -id=x -address=1.2.3.4:8300',
    'operator raft remove-peer -id=x -datacenter=dc9',
  ),
  ...help(
    'lock -h',
    'watch -h',
    'kv export -h',
    'kv import -h',
    'lock -try=x a b',
    'watch',
    'lock -nosuch a b',
  ),
  ...lines('kv put -acquire -session=x n v', 'kv put -release -session=x n v'),
  ...lines(
    'kv put -acquire -session=9e0cbfd0-2b5a-4b4e-9a3f-1c2d3e4f5a6b n v',
    'kv put -acquire -release -session=9e0cbfd0-2b5a-4b4e-9a3f-1c2d3e4f5a6b n v',
    'kv put -acquire -cas -modify-index=1 -session=x g v',
  ),
  ...lines(
    'kv export',
    'kv export g',
    'kv export /g',
    'kv export nosuch',
    'kv export a b',
    'kv export -stale g',
  ),
  ...lines('kv put a/<x&> v', 'kv export a/<'),
  ...lines(
    'kv import',
    'kv import a b',
    'kv import []',
    'kv import null',
    'kv import @nosuchfile',
    'kv import [{"key":"m/1","flags":3,"value":"YQ=="},{"key":"m/2","value":"Yg=="},{"key":"m/3"}]',
    'kv import [{"Key":"m/4","FLAGS":18446744073709551615,"vaLue":"YQ==","other":1}]',
    'kv import [{"value":"YQ=="}]',
    'kv import [{"key":"/m/5","value":"YQ=="}]',
  ),
  { args: ['kv', 'import', '-'], stdin: '[{"key":"m/6","value":"YQ=="}]' },
  { args: ['kv', 'import', ''] },
  ...help(
    'kv import nojson',
    'kv import {}',
    'kv import [1]',
    'kv import [{"key":"m/7","value":"!!"}]',
    'kv import [{"key":"m/7","value":"YQ"}]',
    'kv import [{"key":"m/7","flags":-3}]',
    'kv import [{"key":"m/7","flags":"3"}]',
    'kv import [{"key":5}]',
  ),
  ...lines('kv get -recurse -detailed m'),
  ...lines(
    'lock',
    'lock a',
    'lock -n=0 a b',
    'lock -n=-1 a b',
    'lock -monitor-retry=-1 a b',
    'lock -timeout=-1s a b',
  ),
  ...lines('lock -try=-1s a b', 'lock -datacenter=dc9 a b', 'lock -datacenter=dc9 -n=2 -name=mine a/b c'),
  ...lines('lock -http-addr=127.0.47.9:1 a b', 'watch -http-addr=127.0.47.9:1 -type=nodes'),
  ...lines('watch -type=foo', 'watch -type=key', 'watch -type=keyprefix', 'watch -type=service'),
  ...lines(
    'watch -type=connect_roots',
    'watch -type=agent_service',
    'watch -type=checks -service=a -state=b',
  ),
  ...lines('watch -type=nodes -key=a', 'watch -type=key -key=a -prefix=b', 'watch -type=services -tag=a'),
  ...help('watch -type=service -service=a -passingonly=x'),
  ...lines('watch -type=key -key=f', 'watch -type=key -key=nosuch', 'watch -type=keyprefix -prefix=m'),
  ...lines('watch -type=keyprefix -prefix=nosuch', 'watch -type=nodes', 'watch -type=services -stale'),
  ...lines(
    'watch -type=service -service=nosuch -tag=a -tag=b -passingonly=true',
    'watch -type=event -name=a',
  ),
  ...lines('watch -type=checks -service=nosuch', 'watch -type=checks -state=critical'),
  ...lines('kv export -http-addr=127.0.47.9:1', 'kv import -http-addr=127.0.47.9:1 [{"key":"a"}]'),
  ...lines(
    'members -http-addr=127.0.47.9:1',
    'info -http-addr=127.0.47.9:1',
    'join -http-addr=127.0.47.9:1 a b',
  ),
  ...lines(
    'leave -http-addr=127.0.47.9:1',
    'force-leave -http-addr=127.0.47.9:1 a',
    'reload -http-addr=127.0.47.9:1',
  ),
  ...lines('operator raft list-peers -http-addr=127.0.47.9:1', 'catalog nodes -http-addr=127.0.47.9:1'),
  ...lines('catalog services -http-addr=127.0.47.9:1', 'catalog datacenters -http-addr=127.0.47.9:1'),
  ...lines(
    'kv get -http-addr=127.0.47.9:1 a',
    'kv put -http-addr=127.0.47.9:1 a b',
    'kv delete -http-addr=127.0.47.9:1 a',
  ),
  ...lines('monitor -http-addr=127.0.47.9:1', 'validate'),
  ...help('validate /nosuch/file.json', 'leave x'),
  ...lines('leave'),
]

/** The lines by the file that keeps what they led to; each is recorded with agents of its own. */
export const cliFiles: Readonly<Record<string, readonly CliLine[]>> = {
  recorded: cliLines,
  catalog: catalogLines,
  config: configLines,
  event: eventLines,
  services: servicesLines,
}

/** A request that a command sent, and its answer. */
export interface CliRequest {
  readonly method: string
  /** Path and query, parameters sorted. */
  readonly url: string
  readonly body: string
  readonly status: number
  readonly answer: string
}

/** What a command line led to. Help texts are not kept. */
export interface CliRecord {
  readonly args: readonly string[]
  readonly code: number
  readonly out: string
  readonly err: string
  readonly requests: readonly CliRequest[]
}

/** Path and query with the parameters in order, so that two clients can be compared. */
export function sortedUrl(url: URL): string {
  const parameters = [...url.searchParams].map(([name, value]) => `${name}=${value}`).toSorted()
  return parameters.length === 0 ? url.pathname : `${url.pathname}?${parameters.join('&')}`
}
