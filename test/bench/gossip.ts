// How good the gossip protocol is, as numbers: run with `node test/bench/gossip.ts [members ...]` (default 100 1000).
// Virtual time, LAN profile, delays of 1 to 3 ms. Figures of others stand beside ours; see the notes at the end.
import type { LoggedEvent, SimNode } from '../sim/gossip-network.ts'
import { GossipNetwork } from '../sim/gossip-network.ts'
import { seededRandom } from '../../src/lib/random.ts'

const samples = 12
const unrestMinutes = 10
const lossPerMille = 10

/** A pool at rest. Joins are spread over a while, as in life. */
function settled(members: number, seed: number, loss = 0): GossipNetwork {
  const net = new GossipNetwork({ seed, hasCodec: false, hasBytes: false, lossPerMille: loss })
  for (let i = 0; i < members; i++) net.add(`n${i}`)
  for (let i = 1; i < members; i++) {
    net.join(`n${i}`, `n${Math.floor(i / 2)}`)
    net.runFor(20)
  }
  if (net.runWhile(() => net.isConverged(), 120_000, 1000) === null)
    throw new Error('the pool does not converge')
  net.runFor(20_000)
  net.log.length = 0
  return net
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
const median = (values: readonly number[]): number =>
  sorted(values)[Math.floor(values.length / 2)] ?? Number.NaN
const seconds = (ms: number): string => (ms / 1000).toFixed(2)
const spread = (values: readonly number[]): string => {
  const all = sorted(values)
  return `median ${seconds(median(values))} s, ${seconds(all[0] ?? 0)} to ${seconds(all.at(-1) ?? 0)} s`
}

/** One member changes its tags: when 99 % and when all know. */
function convergence(net: GossipNetwork): { readonly most: number[]; readonly all: number[] } {
  const most: number[] = []
  const all: number[] = []
  for (let i = 0; i < samples; i++) {
    const name = `n${i * 7}`
    const value = `round ${i}`
    const knows = (node: SimNode): boolean => node.machine.member(name)?.tags.get('change') === value
    net.feed(name, {
      kind: 'setTags',
      tags: new Map([
        ['change', value],
        ['role', 'node'],
      ]),
    })
    const fromMs = net.nowMs
    const nodes = net.alive()
    net.runWhile(() => nodes.filter(knows).length >= nodes.length * 0.99, 60_000)
    most.push(net.nowMs - fromMs)
    net.runWhile(() => nodes.every(knows), 600_000)
    all.push(net.nowMs - fromMs)
    net.runFor(5000)
  }
  return { most, all }
}

/** One member is gone; when all know. `isRefused`: its host is still there and refuses streams. */
function detection(net: GossipNetwork, isRefused: boolean): number[] {
  const times: number[] = []
  for (let i = 0; i < samples; i++) {
    const name = `n${i * 7 + (isRefused ? 3 : 5)}`
    const others = net.alive().filter((node) => node.name !== name)
    const fromMs = net.nowMs
    if (isRefused) net.kill(name)
    else net.cut(name)
    net.runWhile(() => others.every(({ machine }) => machine.member(name)?.status === 'failed'), 120_000, 20)
    times.push(net.nowMs - fromMs)
    if (!isRefused) net.kill(name)
    net.runFor(10_000)
  }
  return times
}

/** Bytes sent by a member in a second of rest, streams included. */
function bytesAtRest(net: GossipNetwork): number {
  net.options = { ...net.options, hasBytes: true }
  const bytes = (): number => net.alive().reduce((sum, node) => sum + node.bytesSent, 0)
  const before = bytes()
  net.runFor(600_000)
  net.options = { ...net.options, hasBytes: false }
  return (bytes() - before) / net.alive().length / 600
}

/** Whom an event is about, if it is a first suspicion or a death. */
function victimOf({ effect }: LoggedEvent, what: 'suspected' | 'failed'): string | null {
  if (what === 'failed')
    return effect.kind === 'memberChanged' && effect.event === 'failed' ? effect.member.name : null
  return effect.kind === 'observed' && effect.event.kind === 'suspected' ? effect.event.name : null
}

/** Different (member, quarter of a minute) pairs among the events of one kind. */
function episodes(
  log: readonly LoggedEvent[],
  what: 'suspected' | 'failed',
): { readonly victim: string; readonly atMs: number }[] {
  const lastByVictim = new Map<string, number>()
  const found: { victim: string; atMs: number }[] = []
  for (const event of log) {
    const victim = victimOf(event, what)
    if (victim === null) continue
    const last = lastByVictim.get(victim) ?? -Infinity
    lastByVictim.set(victim, event.atMs)
    if (event.atMs - last > 15_000) found.push({ victim, atMs: event.atMs })
  }
  return found
}

/** Datagrams are lost and members stand still: how often a member is doubted or given up although it lives. */
function unrest(members: number): string[] {
  const net = settled(members, 77, lossPerMille)
  const random = seededRandom(5)
  const paused: { readonly name: string; readonly fromMs: number; readonly untilMs: number }[] = []
  const untilMs = net.nowMs + unrestMinutes * 60_000
  while (net.nowMs < untilMs) {
    const name = `n${random.below(members)}`
    const ms = random.between(500, 8000)
    paused.push({ name, fromMs: net.nowMs, untilMs: net.nowMs + ms })
    net.pause(name, ms)
    net.runFor(20_000)
  }
  const hours = (members * unrestMinutes) / 60
  const wasPaused = (victim: string, atMs: number): boolean =>
    paused.some(
      ({ name, fromMs, untilMs: endMs }) => name === victim && atMs >= fromMs && atMs <= endMs + 12_000,
    )
  const lines: string[] = []
  for (const what of ['suspected', 'failed'] as const) {
    const all = episodes(net.log, what)
    const healthy = all.filter(({ victim, atMs }) => !wasPaused(victim, atMs))
    const word = what === 'suspected' ? 'suspicions' : 'deaths    '
    lines.push(
      `  false ${word} of members that ran      ${(healthy.length / hours).toFixed(4)} per member-hour (${healthy.length})`,
      `  false ${word} of members that stood still ${all.length - healthy.length} of ${paused.length} pauses of 0.5 to 8 s`,
    )
  }
  return lines
}

function report(members: number): void {
  const startedMs = performance.now()
  const net = settled(members, 1)
  const rest = bytesAtRest(net)
  const { most, all } = convergence(net)
  const refused = detection(net, true)
  const silent = detection(net, false)
  const lines = [
    `${members} members`,
    `  one change known by 99 %                 ${spread(most)}`,
    `  one change known by all                  ${spread(all)}`,
    `  a killed process is failed everywhere    ${spread(refused)}`,
    `  a silent host is failed everywhere       ${spread(silent)}`,
    `  bytes per member-second at rest          ${rest.toFixed(0)}`,
    ...unrest(members),
    `  (${((performance.now() - startedMs) / 1000).toFixed(1)} s)`,
  ]
  process.stdout.write(`${lines.join('\n')}\n\n`)
}

const wanted = process.argv.slice(2).map(Number)
const membersMin = 100
if (!wanted.every((members) => members >= membersMin)) {
  process.stderr.write(
    `Cannot run with ${wanted.join(' ')} members: give numbers of at least ${membersMin}\n`,
  )
  process.exit(1)
}
for (const members of wanted.length > 0 ? wanted : [100, 1000]) report(members)

process.stdout.write(`For comparison
  memberlist's defaults, push model: 99 % reached in 1.1 s (100 members), 1.4 s (1,000)
  memberlist's shortest suspicion: 8 s (100), 12 s (1,000), to which come the time to the first failed probe (about
    1 s), the probe (1 s) and the spread of the death; the longest: 48 s and 72 s
  ScaleCube (1 % loss, 300 ms x 3): one change known by all in 3.2 s (100), 3.6 s (200), 600 to 1,100 bytes per second
  SWIM: detection time and load of a member do not depend on the size of the group
  Lifeguard: false suspicions fall by more than 50 times; a member that stands still accuses nobody
`)
