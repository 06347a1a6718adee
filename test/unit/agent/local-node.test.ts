import { describe, expect, it } from 'vitest'
import type { LocalStore } from '../../../src/agent/local-store.ts'
import type { Journal } from '../../../src/agent/local-journal.ts'
import type { Json } from '../../../src/model/catalog.ts'
import type { CheckDefinition, ServiceDefinition } from '../../../src/model/definition.ts'
import { err, ok } from '../../../src/lib/result.ts'
import { ttl } from '../local/bench.ts'
import { service } from '../state/fixtures.ts'
import { createOwnNode } from './own-node.ts'

/** A service with TTL checks. */
function defined(
  id: string,
  checks: readonly CheckDefinition[] = [],
  tags: readonly string[] = [],
): ServiceDefinition {
  return { service: service(id, { tags }), token: '', checks }
}

/** A journal in memory. */
class Memory implements Journal {
  readonly restored = new Map<string, Json>()
  readonly live = new Map<string, Json>()
  failure = ''
  put(key: string, value: Json): void {
    this.live.set(key, value)
  }
  drop(key: string): void {
    this.live.delete(key)
  }
  flushed(): ReturnType<Journal['flushed']> {
    return Promise.resolve(this.failure === '' ? ok(undefined) : err(this.failure))
  }
  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** What a node finds after a restart of one that wrote into these journals. */
function storeOf(definitions: Memory, states: Memory): LocalStore {
  const all = [...definitions.live.values()] as unknown as readonly LocalStore[
    | 'services'
    | 'checks'][number][]
  return {
    services: all.filter((each) => each.kind === 'service'),
    checks: all.filter((each) => each.kind === 'check'),
    states: new Map(states.live as unknown as LocalStore['states']),
    definitionFile: definitions,
    stateFile: states,
  }
}

function scene(files: Parameters<typeof createOwnNode>[0] = {}) {
  const definitions = new Memory()
  const states = new Memory()
  const first = createOwnNode({ ...files, store: storeOf(definitions, states) })
  const restarted = (more: Parameters<typeof createOwnNode>[0] = {}) =>
    createOwnNode({ ...more, store: storeOf(definitions, states) })
  return { ...first, definitions, states, restarted }
}

const replaceNot = { replaceChecks: false }

/** A check that runs a program. */
function script(id: string): CheckDefinition {
  return { ...ttl(id), run: { type: 'script', args: ['/bin/true'], intervalMs: 1000, timeoutMs: 1000 } }
}

describe('what is registered', () => {
  it('is there, in the catalog, checked and persisted', async () => {
    const { node, catalog, calls, definitions } = scene()
    const done = await node.registerService(defined('web', [ttl('c', 'web')]), replaceNot)
    expect(done.ok).toBe(true)
    expect([...node.services.keys()]).toEqual(['web'])
    expect(node.checks.get('c')?.info).toMatchObject({ status: 'critical', serviceName: 'web', type: 'ttl' })
    expect(catalog.checks.get('c')?.serviceId).toBe('web')
    expect(calls).toEqual(['add c critical'])
    expect([...definitions.live.keys()]).toEqual(['s:web', 'c:c'])
  })

  it('keeps checks that are not named again, unless they are to be replaced', async () => {
    const { node, catalog, calls } = scene()
    await node.registerService(defined('web', [ttl('a', 'web'), ttl('b', 'web')]), replaceNot)
    await node.registerService(defined('web', [ttl('a', 'web')]), replaceNot)
    expect([...node.checks.keys()]).toEqual(['b', 'a'])
    await node.registerService(defined('web', [ttl('a', 'web')]), { replaceChecks: true })
    expect([...node.checks.keys()]).toEqual(['a'])
    expect([...catalog.checks.keys()]).toEqual(['a'])
    expect(calls).toContain('remove b')
  })

  it('says what its check says now, when it is registered again', async () => {
    const { node } = scene()
    await node.registerService(defined('web', [ttl('c', 'web')]), replaceNot)
    await node.updateCheck('c', 'passing', 'fine')
    await node.registerService(defined('web', [ttl('c', 'web')], ['new']), replaceNot)
    expect(node.checks.get('c')?.info).toMatchObject({
      status: 'passing',
      output: 'fine',
      serviceTags: ['new'],
    })
  })

  it('is refused where its service is not there, or nothing has that id', async () => {
    const { node } = scene()
    expect(await node.registerCheck(ttl('c', 'none'))).toMatchObject({
      error: { message: 'ServiceID "none" does not exist' },
    })
    const hint = 'Ensure that the service ID is passed, not the service name.'
    expect(await node.deregisterService('none')).toMatchObject({
      error: { code: 'notFound', message: `Unknown service ID "none". ${hint}` },
    })
    expect(await node.updateCheck('none', 'passing', '')).toMatchObject({
      error: { message: 'CheckID "none" does not have associated TTL' },
    })
  })

  it('is in force though it could not be persisted, and the answer says so', async () => {
    const { node, definitions } = scene()
    definitions.failure = 'no space left on the device'
    expect(await node.registerService(defined('web'), replaceNot)).toMatchObject({
      error: {
        code: 'internal',
        message:
          'Cannot persist service "web": no space left on the device; it is in force until the agent restarts',
      },
    })
    expect(node.services.has('web')).toBe(true)
  })

  it('goes with its checks', async () => {
    const { node, catalog, calls, definitions } = scene()
    await node.registerService(defined('web', [ttl('c', 'web')]), replaceNot)
    await node.setServiceMaintenance('web', true, '')
    await node.deregisterService('web')
    expect([node.services.size, node.checks.size, catalog.services.size, catalog.checks.size]).toEqual([
      0, 0, 0, 0,
    ])
    expect([...definitions.live.keys()]).toEqual([])
    expect(calls).toContain('remove c')
  })

  it('goes by itself when its check has been critical for too long', async () => {
    const { node } = scene()
    await node.registerService(defined('web', [ttl('c', 'web')]), replaceNot)
    node.onCriticalTooLong('web', 'c')
    expect(node.services.size).toBe(0)
  })
})

describe('a sign of life', () => {
  it('does not wait for the catalog unless it is news', async () => {
    let isSilent = false
    const { node } = scene({ isSilent: () => isSilent })
    await node.registerCheck(ttl('c'))
    isSilent = true
    const news = node.updateCheck('c', 'passing', 'at 10:00').then(() => 'told')
    await new Promise((resolve) => setImmediate(resolve))
    await node.updateCheck('c', 'passing', 'at 10:01')
    expect(node.checks.get('c')?.info.output).toBe('at 10:01')
    expect(await Promise.race([news, Promise.resolve('waits')])).toBe('waits')
  })
})

describe('maintenance', () => {
  it('is a critical check with the reason, also after a restart', async () => {
    const { node, restarted } = scene()
    await node.registerService(defined('web'), replaceNot)
    await node.setServiceMaintenance('web', true, '')
    await node.setNodeMaintenance(true, 'moving')
    const again = restarted().node
    for (const each of [node, again]) {
      expect(each.checks.get('_service_maintenance:web')?.info).toMatchObject({
        name: 'Service Maintenance Mode',
        status: 'critical',
        type: 'maintenance',
        notes:
          'Maintenance mode is enabled for this service, but no reason was provided. This is a default message.',
      })
      expect(each.checks.get('_node_maintenance')?.info).toMatchObject({
        name: 'Node Maintenance Mode',
        notes: 'moving',
      })
    }
    await again.setNodeMaintenance(false, '')
    expect(again.checks.has('_node_maintenance')).toBe(false)
  })

  it('stays as it is when it is asked for again', async () => {
    const { node } = scene()
    await node.setNodeMaintenance(true, 'first')
    const { version } = node
    await node.setNodeMaintenance(true, 'second')
    expect(node.version).toBe(version)
  })
})

describe('after a restart', () => {
  it('is what the API gave, with its checks, in the order of before', async () => {
    const { node, restarted } = scene()
    for (const id of ['a', 'b', 'c'])
      await node.registerService(defined(id, [ttl(`of-${id}`, id)]), replaceNot)
    await node.registerCheck(ttl('alone'))
    await node.deregisterService('b')
    const again = restarted().node
    expect([...again.services.keys()]).toEqual(['a', 'c'])
    expect([...again.checks.keys()]).toEqual(['of-a', 'of-c', 'alone'])
  })

  it('a TTL check says what it was told last, if its time is not over', async () => {
    const { node, states, restarted } = scene()
    await node.registerCheck(ttl('a'))
    await node.registerCheck(ttl('b'))
    await node.updateCheck('a', 'passing', 'fine')
    await node.updateCheck('b', 'passing', 'fine')
    states.put('b', { status: 'passing', output: 'fine', expiresAtWallMs: 900 })
    const { node: again, calls } = restarted()
    expect(again.checks.get('a')?.info).toMatchObject({ status: 'passing', output: 'fine' })
    expect(again.checks.get('b')?.info).toMatchObject({ status: 'critical', output: '' })
    expect(calls).toEqual(['add a passing', 'add b critical'])
  })

  it('no program runs for the API where that is no longer allowed', async () => {
    const { node, definitions, restarted } = scene()
    await node.registerCheck(script('s'))
    await node.registerCheck(ttl('t'))
    const { node: again, calls } = restarted({ scripts: 'files' })
    expect([...again.checks.keys()]).toEqual(['t'])
    expect(calls).toEqual(['add t critical'])
    expect([...definitions.live.keys()]).toEqual(['c:t'])
  })

  it('a file that defines the same id wins, and what was persisted is forgotten', async () => {
    const { node, definitions, restarted } = scene()
    await node.registerService(defined('web', [], ['api']), replaceNot)
    const again = restarted({ files: { services: [defined('web', [], ['file'])], checks: [] } }).node
    expect(again.services.get('web')).toMatchObject({ source: 'file', info: { tags: ['file'] } })
    expect([...definitions.live.keys()]).toEqual([])
  })

  it('a check whose service is gone is forgotten with a sentence', async () => {
    const { node, definitions, restarted } = scene()
    await node.registerService(defined('web', [ttl('c', 'web')]), replaceNot)
    definitions.drop('s:web')
    const { node: again, warnings } = restarted()
    expect(again.checks.size).toBe(0)
    expect(warnings).toEqual(['Check "c" is forgotten: its service "web" is gone'])
    expect(definitions.live.size).toBe(0)
  })
})

describe('a reload', () => {
  const files = {
    services: [defined('web', [ttl('c', 'web')]), defined('db')],
    checks: [ttl('node')],
  }

  it('touches nothing that has not changed', async () => {
    const { node, calls } = scene({ files })
    await node.updateCheck('c', 'passing', 'fine')
    await node.registerService(defined('api'), replaceNot)
    const { version } = node
    const before = calls.length
    node.setFiles({ ...files }, 'anywhere')
    expect([node.version, calls.length]).toEqual([version, before])
  })

  it('replaces what has changed, and its check goes on saying what it says', async () => {
    const { node, catalog, calls } = scene({ files })
    await node.updateCheck('c', 'passing', 'fine')
    const changed = { ...ttl('c', 'web'), notes: 'new' }
    node.setFiles(
      { services: [defined('web', [changed], ['x']), defined('db')], checks: [ttl('node')] },
      'anywhere',
    )
    expect(node.checks.get('c')?.info).toMatchObject({ status: 'passing', output: 'fine', notes: 'new' })
    expect(catalog.services.get('web')?.tags).toEqual(['x'])
    expect(calls.slice(2)).toEqual(['add c passing'])
  })

  it('removes what the files have no more, and leaves what the API gave', async () => {
    const { node, catalog, calls } = scene({ files })
    await node.registerService(defined('api', [ttl('a', 'api')]), replaceNot)
    await node.setNodeMaintenance(true, 'x')
    node.setFiles({ services: [defined('db')], checks: [] }, 'anywhere')
    expect([...node.services.keys()]).toEqual(['db', 'api'])
    expect([...node.checks.keys()]).toEqual(['a', '_node_maintenance'])
    expect([...catalog.services.keys()]).toEqual(['db', 'api'])
    expect(calls.filter((call) => call.startsWith('remove'))).toEqual(['remove c', 'remove node'])
  })

  it('brings back what the API has removed or replaced', async () => {
    const { node, definitions } = scene({ files })
    await node.deregisterService('db')
    await node.registerService(defined('web', [], ['api']), replaceNot)
    expect([...definitions.live.keys()]).toEqual(['s:web'])
    node.setFiles(files, 'anywhere')
    expect(node.services.get('web')).toMatchObject({ source: 'file', info: { tags: [] } })
    expect(node.services.has('db')).toBe(true)
    expect(definitions.live.size).toBe(0)
  })

  it('ends what runs programs and came from the API, where that is no longer allowed', async () => {
    const { node, calls, definitions, warnings } = scene()
    await node.registerCheck(script('s'))
    await node.registerCheck(ttl('t'))
    node.setFiles({ services: [], checks: [script('f')] }, 'files')
    expect([...node.checks.keys()]).toEqual(['t', 'f'])
    expect(calls).toContain('remove s')
    expect([...definitions.live.keys()]).toEqual(['c:t'])
    expect(warnings).toEqual(['Check "s" is forgotten: it runs a program, and enable_script_checks is off'])
  })

  it('says which check has no service', () => {
    const { node, warnings } = scene({ files })
    node.setFiles({ services: [], checks: [ttl('node'), ttl('lost', 'none')] }, 'anywhere')
    expect([...node.checks.keys()]).toEqual(['node'])
    expect(warnings.join()).toContain('Cannot add check "lost": service "none" is not registered')
  })
})

describe('who waits', () => {
  it('for a change is told of the next one, or by its own signal', async () => {
    const { node } = scene()
    const told: string[] = []
    const leaving = new AbortController()
    const first = node.changed(node.version, new AbortController().signal).then(() => told.push('change'))
    const second = node.changed(node.version, leaving.signal).then(() => told.push('left'))
    leaving.abort()
    await second
    expect(told).toEqual(['left'])
    await node.registerService(defined('web'), replaceNot)
    await first
    expect(told).toEqual(['left', 'change'])
  })

  it('for what an alias stands for hears of that service and of the node, and of no other', async () => {
    const { node } = scene()
    await node.registerService(defined('web', [ttl('c', 'web')]), replaceNot)
    await node.registerService(defined('db', [ttl('d', 'db')]), replaceNot)
    const view = node.aliases(() => Promise.reject(new Error('not asked')))
    let told = 0
    const end = view.watch('web', () => void told++)
    await node.updateCheck('d', 'passing', '')
    expect(told).toBe(0)
    await node.updateCheck('c', 'passing', '')
    await node.setNodeMaintenance(true, '')
    expect(told).toBe(2)
    expect([...view.checks('web')].map(({ checkId }) => checkId)).toEqual(['_node_maintenance', 'c'])
    expect([...view.checks('')].map(({ checkId }) => checkId)).toEqual(['_node_maintenance'])
    end()
    await node.deregisterService('web')
    expect(told).toBe(2)
    expect(view.hasService('web')).toBe(false)
  })
})
