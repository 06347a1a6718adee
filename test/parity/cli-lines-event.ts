// Command lines about events, coordinates and remote execution.
import type { CliLine } from './cli-lines.ts'

function lines(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ args: text.split(' ') }))
}

function help(...texts: readonly string[]): readonly CliLine[] {
  return texts.map((text) => ({ args: text.split(' '), isHelp: true }))
}

/** The lines. What `exec` prints of a run is other each time: it is compared in the tests of the command. */
export const eventLines: readonly CliLine[] = [
  ...help(
    'event',
    'event -h',
    'event -name=x a b',
    'exec',
    'exec -h',
    'rtt',
    'rtt -h',
    'rtt a b c',
    'rtt -wan',
  ),
  ...help('event -nosuch', 'exec -nosuch', 'exec -wait=x ls', 'exec -', 'rtt -nosuch a'),
  ...lines(
    'event -name=deploy',
    'event -name=deploy payload',
    'event -name deploy -node=server.* -service=web -tag=v1 x',
    'event -name=a/b-<d> 1&2',
    'event -name=x -node=(',
    'event -name=x -node=a**',
    'event -name=x -service=(',
    'event -name=x -service=a -tag=(',
    'event -name=x -tag=a',
    'event -name=x -http-addr=127.0.47.9:1',
  ),
  { args: ['event', '-name=x', 'x'.repeat(600)] },
  ...lines(
    'exec -node=( ls',
    'exec -service=( ls',
    'exec -service=a -tag=( ls',
    'exec -tag=a ls',
    'exec -shell=false -',
    'exec -http-addr=127.0.47.9:1 ls',
    'exec -datacenter=dc9 ls',
  ),
  ...lines(
    'rtt nosuch',
    'rtt nosuch server-one',
    'rtt -wan server-one server-one',
    'rtt -wan server-one.dc1 a',
  ),
  ...lines(
    'rtt -wan server-one.dc1 server-one.dc1',
    'rtt -wan server-one.dc1',
    'rtt -wan nosuch.dc1 server-one.dc1',
  ),
  ...lines('rtt -http-addr=127.0.47.9:1 a b', 'rtt -wan -http-addr=127.0.47.9:1 a.b c.d'),
]
