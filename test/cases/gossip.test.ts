// Scripts of gossip pools and what their members say: `gossip/*.txt`, rewritten by `vitest -u`. Commands stand above
// `----`, answers below; `show` prints the members as each node sees them.
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { formatAddress } from '../../src/model/address.ts'
import { GossipNetwork, type LoggedEvent } from '../sim/gossip-network.ts'

const directory = new URL('gossip/', import.meta.url)

/** A pool and what of its log has been shown. */
class Script {
  #net = new GossipNetwork({ seed: 1 })
  #shown = 0

  /** One block: its commands, and what happened. */
  run(commands: readonly string[]): readonly string[] {
    const said: string[] = []
    for (const line of commands) {
      const [verb = '', ...words] = line.split(' ')
      const [name = '', second = ''] = words
      said.push(
        ...(this.#network(verb, words) ?? this.#operator(verb, name, second) ?? this.#look(verb, name)),
      )
    }
    const lines = this.#net.log.slice(this.#shown).flatMap(describe)
    this.#shown = this.#net.log.length
    return [...grouped(lines), ...said]
  }

  /** What happens to nodes and the network; null for a command of another kind. */
  #network(verb: string, words: readonly string[]): readonly string[] | null {
    const [name = '', second = ''] = words
    const net = this.#net
    if (verb === 'nodes') for (const node of words) net.add(node)
    else if (verb === 'advance') net.runFor(Number(name))
    else if (verb === 'kill') net.kill(name)
    else if (verb === 'restart') net.restart(name)
    else if (verb === 'rename') net.restart(name, { name: second, incarnation: 9 })
    else if (verb === 'pause') net.pause(name, Number(second))
    else if (verb === 'cut') net.cut(...words)
    else if (verb === 'heal') net.heal()
    else return null
    return []
  }

  /** What an operator asks of an agent; null for a command of another kind. */
  #operator(verb: string, name: string, second: string): readonly string[] | null {
    const net = this.#net
    if (verb === 'node') net.add(name, Object.fromEntries([second.split('=')]))
    else if (verb === 'join') net.join(name, second)
    else if (verb === 'leave') net.feed(name, { kind: 'leave' })
    else if (verb === 'force-leave') net.feed(name, { kind: 'forceLeave', name: second, prune: false })
    else if (verb === 'fire') net.fire(name, second)
    else if (verb === 'prune') net.feed(name, { kind: 'forceLeave', name: second, prune: true })
    else return null
    return []
  }

  #look(verb: string, name: string): readonly string[] {
    if (verb !== 'show') throw new Error(`unknown command ${verb} ${name}`)
    return this.#net.alive().map(({ name: node, machine }) => {
      const members = machine.members().map((member) => `${member.name}=${member.status}`)
      return `${node}: ${members.sort().join(' ')} health=${machine.localHealth}`
    })
  }
}

/** One event in words, without its time, which a reader does not need; acks are left out. */
function describe({ node, effect }: LoggedEvent): readonly (readonly [string, string])[] {
  switch (effect.kind) {
    case 'memberChanged':
      return [[`${effect.event} ${effect.member.name}`, node]]
    case 'observed':
      return effect.event.kind === 'acked' ? [] : [[describeObservation(effect.event), node]]
    case 'rejected':
      return [[`rejected ${effect.reason}: ${effect.detail}`, node]]
    case 'joined': {
      const failures = effect.failures.map(({ address, reason }) => `${formatAddress(address)}: ${reason}`)
      return [[[`joined through ${effect.contacted}`, ...failures].join('; '), node]]
    }
    case 'left':
      return [['is gone', node]]
    case 'eventHeard':
      return [[`hears of ${effect.event.name} at ${effect.event.lamportTime}`, node]]
    default:
      return effect satisfies never
  }
}

function describeObservation(event: (LoggedEvent['effect'] & { kind: 'observed' })['event']): string {
  switch (event.kind) {
    case 'suspected':
      return `suspects ${event.name}`
    case 'refuted':
      return `refutes as incarnation ${event.incarnation}`
    case 'localHealth':
      return `local health ${event.score}`
    case 'probeFailed':
      return `no answer from ${event.name}`
    default:
      return event.kind
  }
}

/** Equal sentences of several nodes on one line, in the order in which they were first said. */
function grouped(lines: readonly (readonly [string, string])[]): readonly string[] {
  const nodesByText = new Map<string, Set<string>>()
  for (const [text, node] of lines) nodesByText.set(text, (nodesByText.get(text) ?? new Set()).add(node))
  return [...nodesByText].map(([text, nodes]) => `${[...nodes].sort().join(' ')}: ${text}`)
}

/** The same script with fresh answers. */
function replay(text: string): string {
  const script = new Script()
  const [intent = '', ...blocks] = text.trimEnd().split('\n\n')
  const answered = blocks.map((block) => {
    const [commands = ''] = block.split('\n----')
    return [commands, '----', ...script.run(commands.split('\n'))].join('\n')
  })
  return `${[intent, ...answered].join('\n\n')}\n`
}

for (const name of readdirSync(directory)
  .filter((file) => file.endsWith('.txt'))
  .sort()) {
  test(name, async () => {
    const file = new URL(name, directory)
    await expect(replay(readFileSync(file, 'utf8'))).toMatchFileSnapshot(file.pathname)
  })
}
