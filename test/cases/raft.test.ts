// Scripts of Raft clusters and what they say: `raft/*.txt`, rewritten by `vitest -u`. Commands are above `----`.
import { readFileSync, readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { RaftWorld, tinyLimits } from '../sim/raft-network.ts'

const directory = new URL('raft/', import.meta.url)

/** A cluster and what of its trace has been shown. */
class Script {
  #world: RaftWorld | undefined
  #shown = 0
  #written = 0

  get world(): RaftWorld {
    if (this.#world === undefined) throw new Error('the first command is "cluster"')
    return this.#world
  }

  /** One block: its commands, and what happened. */
  run(commands: readonly string[]): readonly string[] {
    const said: string[] = []
    for (const line of commands) {
      const [verb = '', ...words] = line.split(' ')
      said.push(...this.#command(verb, words))
    }
    const lines = this.world.trace.slice(this.#shown).map((line) => line.slice(7))
    this.#shown = this.world.trace.length
    return [...lines.filter((line) => !line.includes('"readRefused"')), ...said]
  }

  #command(verb: string, words: readonly string[]): readonly string[] {
    const [first = ''] = words
    switch (verb) {
      case 'cluster':
        return this.#start(words)
      case 'advance':
        this.world.run(Number(first))
        return []
      case 'write':
        for (let count = Number(first); count > 0; count--) this.#write()
        this.world.run(30)
        return []
      case 'show':
        return this.#show()
      default:
        return this.#fault(verb, words)
    }
  }

  #fault(verb: string, words: readonly string[]): readonly string[] {
    const { world } = this
    const id = this.#id(words[0] ?? '')
    switch (verb) {
      case 'cut':
        world.isolate(id)
        return []
      case 'heal':
        world.heal()
        return []
      case 'crash':
        world.crash(id)
        return []
      case 'start':
        world.start(id)
        return []
      case 'unreachable':
        for (const server of world.running) world.feed(server.id, { kind: 'leaderUnreachable', leader: id })
        return []
      case 'transfer':
        world.feed(this.#id('leader'), { kind: 'transferLeadership', to: id })
        return []
      case 'read':
        return this.#read(id)
      default:
        return this.#change(verb, id)
    }
  }

  #change(verb: string, id: string): readonly string[] {
    const leader = this.#id('leader')
    if (verb === 'addLearner') {
      if (!this.world.servers.has(id)) this.world.addServer(id)
      this.world.changeServer(leader, { kind: verb, id, address: `${id}:8300` })
    } else if (verb === 'promote' || verb === 'demote' || verb === 'remove') {
      this.world.changeServer(leader, { kind: verb, id })
    } else throw new Error(`unknown command ${verb}`)
    return []
  }

  #start(words: readonly string[]): readonly string[] {
    const options = new Map(words.map((word) => word.split('=') as [string, string]))
    const servers = (options.get('voters') ?? '').split(',')
    const seed = Number(options.get('seed') ?? 1)
    // Times of their own: the scripts show moments.
    const timing = { electionTimeoutMs: 500, heartbeatMs: 100, leaseMs: 375 }
    this.#world = new RaftWorld({ seed, servers, limits: tinyLimits, timing })
    this.#world.bootstrap(servers)
    this.#world.run(3000, () => this.world.leader?.raft?.commitIndex === 2)
    this.#shown = this.#world.trace.length
    return this.#show()
  }

  #write(): void {
    this.#written += 1
    this.world.propose(this.#id('leader'), `w${this.#written}`)
  }

  #read(id: string): readonly string[] {
    const { reads } = this.world.counts
    this.world.read(id)
    this.world.run(600)
    return [`${id} read ${this.world.counts.reads > reads ? 'answered' : 'not answered'}`]
  }

  #show(): readonly string[] {
    return [...this.world.servers.values()].map(({ id, raft, state }) => {
      if (raft === null) return `${id} down`
      const place = `commit=${raft.commitIndex} last=${raft.lastIndex} first=${raft.firstIndex} snapshot=${raft.snapshotIndex}`
      return `${id} ${raft.role} term=${raft.term} leader=${raft.leader ?? '-'} ${place} writes=${state.length}`
    })
  }

  /** `leader`, `follower` (the first that is none), or a server's name. */
  #id(name: string): string {
    const leader = this.world.leader?.id
    if (name === 'leader') return leader ?? ''
    if (name === 'follower') return this.world.running.find((server) => server.id !== leader)?.id ?? ''
    return name
  }
}

/** The script as it should read: each block followed by what it says now. */
function rendered(text: string): string {
  const script = new Script()
  const blocks = text.trimEnd().split('\n\n')
  const shown = blocks.map((block) => {
    const lines = block.split('\n')
    const end = lines.indexOf('----')
    const asked = end < 0 ? lines : lines.slice(0, end)
    const commands = asked.filter((line) => !line.startsWith('#'))
    return commands.length === 0 ? asked.join('\n') : [...asked, '----', ...script.run(commands)].join('\n')
  })
  return `${shown.join('\n\n')}\n`
}

test.each(readdirSync(directory))('%s', async (name) => {
  const path = new URL(name, directory)
  await expect(rendered(readFileSync(path, 'utf8'))).toMatchFileSnapshot(path.pathname)
})
