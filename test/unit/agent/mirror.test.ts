// The leader's mirror over time: what it writes again, what it waits for, and whom it takes in.
import { describe, expect, it } from 'vitest'
import { createReconcile, type Reconcile, type ReconcileOptions } from '../../../src/agent/reconcile.ts'
import type { Member } from '../../../src/gossip/events.ts'
import type { Command } from '../../../src/model/command.ts'
import type { ServerChange } from '../../../src/raft/events.ts'
import { check } from '../state/fixtures.ts'
import { member, readerOf, settled, silent, stateOf, TestClock } from './samples.ts'

/** A leader with its catalog, pool and configuration, all in memory. */
class Leader {
  readonly clock = new TestClock()
  readonly state = stateOf([])
  readonly members = new Map<string, Member>()
  readonly changes: ServerChange[] = []
  /** Answers of the next writes; true when there is none left. */
  outcomes: boolean[] = []
  /** What other servers say of their own configuration, and of their cluster's name. */
  readonly configurations = new Map<string, readonly string[] | null>()
  readonly names = new Map<string, string>()
  servers: { readonly id: string; readonly address: string; readonly suffrage: 'voter' | 'learner' }[]
  readonly reconcile: Reconcile
  #index = 100

  constructor(servers: readonly string[] = ['id-leader']) {
    this.servers = servers.map((id, at) => ({ id, address: `10.0.0.${at + 1}:8300`, suffrage: 'voter' }))
    this.see(member('leader', { role: 'consul' }))
    this.reconcile = createReconcile(this.#options())
  }

  #options(): ReconcileOptions {
    return {
      clock: this.clock,
      selfId: 'id-leader',
      datacenter: 'dc1',
      members: () => this.members.values(),
      member: (name) => this.members.get(name),
      catalog: readerOf(this.state),
      configuration: () => ({ servers: this.servers }),
      autopilot: () => ({
        selfId: 'id-leader',
        rules: { cleanupDeadServers: true, minQuorum: 0, stabilizationMs: 0 },
        standing: () => ({
          isLive: true,
          hasFailed: false,
          silentMs: 0,
          healthyMs: null,
          server: null,
          zone: '',
          isReturning: false,
        }),
      }),
      clusterId: () => 'ours',
      askAllegiance: (id) => {
        const servers = this.configurations.get(id)
        return Promise.resolve(
          servers === null || servers === undefined ? null : { servers, clusterId: this.names.get(id) ?? '' },
        )
      },
      write: (command) => Promise.resolve(this.#write(command)),
      onWhole: () => undefined,
      changeServer: (change) => Promise.resolve(this.#change(change)),
      log: silent,
    }
  }

  #write(command: Command): boolean {
    const isWritten = this.outcomes.shift() ?? true
    if (isWritten) this.state.apply(this.#index++, command, { wallMs: 0 })
    return isWritten
  }

  #change(change: ServerChange): boolean {
    this.changes.push(change)
    if (change.kind === 'remove') this.servers = this.servers.filter((server) => server.id !== change.id)
    if (change.kind === 'addLearner')
      this.servers.push({ id: change.id, address: change.address, suffrage: 'learner' })
    return true
  }

  see(seen: Member): void {
    this.members.set(seen.name, seen)
  }

  has(node: string): boolean {
    return readerOf(this.state).node(node) !== null
  }

  idOf(node: string): string | undefined {
    return readerOf(this.state).node(node)?.node.id
  }

  /** Puts another node in the place of that of the same name, as an archive does. */
  archive({ name, id, address }: Member): void {
    this.#write({ kind: 'deregister', node: name, serviceId: '', checkId: '' })
    const node = { id, name, address: address.ip, datacenter: 'dc1', taggedAddresses: {}, meta: {} }
    const health = check('serfHealth', 'passing', { node: name, output: 'Agent alive and reachable' })
    const checks = [{ ...health, name: 'Serf Health Status' }]
    this.#write({ kind: 'register', node, service: null, checks, skipNodeUpdate: false })
  }

  health(node: string): string | undefined {
    return readerOf(this.state).checks(node)[0]?.status
  }

  async start(): Promise<this> {
    this.reconcile.start()
    await settled()
    return this
  }
}

describe('what could not be written', () => {
  it('is written again after a second, although other members change meanwhile', async () => {
    const leader = await new Leader().start()
    leader.see(member('n1'))
    leader.outcomes = [false]
    leader.reconcile.touch('n1')
    await leader.clock.run(500)
    leader.see(member('n2'))
    leader.reconcile.touch('n2')
    await leader.clock.run(1500)
    expect([leader.has('n1'), leader.has('n2')]).toEqual([true, true])
  })
})

describe('a catalog that was replaced by an archive', () => {
  it('is brought up to date at once: its nodes are the members of these names', async () => {
    const leader = await new Leader().start()
    leader.see(member('n1'))
    leader.reconcile.touch('n1')
    await settled()
    leader.archive(member('n1', { id: 'id-of-a-lost-cluster' }))
    expect(leader.idOf('n1')).toBe('id-of-a-lost-cluster')
    leader.reconcile.restored()
    await settled()
    expect([leader.idOf('n1'), leader.health('n1')]).toEqual(['id-n1', 'passing'])
  })

  it('is left alone by a server that does not lead', async () => {
    const leader = new Leader()
    leader.see(member('n1'))
    leader.reconcile.restored()
    await settled()
    expect(leader.has('n1')).toBe(false)
  })
})

describe('what the pool does not know', () => {
  it('counts as failed ten seconds after the start, and as gone after a minute', async () => {
    const before = await new Leader().start()
    before.see(member('n1'))
    before.reconcile.touch('n1')
    await settled()
    before.members.delete('n1')
    before.reconcile.stop()
    await before.start()
    await before.clock.run(8000, 1000)
    expect(before.health('n1')).toBe('passing')
    await before.clock.run(5000, 1000)
    expect(before.health('n1')).toBe('critical')
    await before.clock.run(40_000, 1000)
    expect(before.has('n1')).toBe(true)
    await before.clock.run(10_000, 1000)
    expect(before.has('n1')).toBe(false)
  })

  it('is not put off by looks at the servers in the same moments', async () => {
    const leader = await new Leader().start()
    leader.see(member('n1'))
    leader.reconcile.touch('n1')
    await settled()
    leader.members.delete('n1')
    leader.reconcile.stop()
    await leader.start()
    for (let seconds = 0; seconds < 12; seconds++) {
      leader.clock.pass(1000)
      leader.reconcile.touch()
      await settled()
    }
    expect(leader.health('n1')).toBe('critical')
  })

  it('goes at once when the pool says that it has forgotten it', async () => {
    const leader = await new Leader().start()
    leader.see(member('n1'))
    leader.reconcile.touch('n1')
    await settled()
    leader.members.delete('n1')
    leader.reconcile.touch('n1')
    await settled()
    expect(leader.has('n1')).toBe(false)
  })
})

describe('a new server', () => {
  const s2 = member('s2', { role: 'consul', address: { ip: '10.0.0.2', port: 8301 } })

  it.each([
    ['without a configuration', [], true],
    ['that knows one of us', ['id-s2', 'id-leader'], true],
    ['that was removed and knows the others', ['id-leader'], true],
    ['that is a cluster of its own', ['id-s2'], false],
    ['of another cluster', ['id-s2', 'id-x', 'id-y'], false],
  ])('%s: taken in %j %s', async (_, its, isTaken) => {
    const leader = new Leader()
    leader.configurations.set('id-s2', its)
    leader.see(s2)
    await leader.start()
    expect(leader.changes.map((change) => change.kind)).toEqual(isTaken ? ['addLearner'] : [])
    await leader.clock.run(5000, 100)
    expect(leader.changes).toHaveLength(isTaken ? 1 : 0)
  })

  it.each([
    ['ours', ['id-x', 'id-y'], true],
    ['theirs', ['id-s2', 'id-leader'], false],
    ['theirs', [], true],
  ])('of the cluster "%s" with %j: taken in %s', async (name, its, isTaken) => {
    const leader = new Leader()
    leader.configurations.set('id-s2', its)
    leader.names.set('id-s2', name)
    leader.see(s2)
    await leader.start()
    expect(leader.changes.map((change) => change.kind)).toEqual(isTaken ? ['addLearner'] : [])
  })

  it('that does not answer is asked again after a second', async () => {
    const leader = new Leader()
    leader.see(s2)
    await leader.start()
    expect(leader.changes).toEqual([])
    leader.configurations.set('id-s2', [])
    await leader.clock.run(2500, 100)
    expect(leader.changes).toHaveLength(1)
  })

  it('that has asked to leave is not taken in again before the pool knows, and is when it comes back', async () => {
    const leader = new Leader(['id-leader', 'id-s2'])
    leader.configurations.set('id-s2', ['id-leader'])
    leader.see(s2)
    await leader.start()
    leader.reconcile.expectLeave('id-s2')
    leader.servers.pop()
    leader.reconcile.touch()
    await leader.clock.run(5000, 100)
    expect(leader.changes).toEqual([])
    await leader.clock.run(15_000, 100)
    expect(leader.changes).toMatchObject([{ kind: 'addLearner', id: 'id-s2' }])
  })
})
