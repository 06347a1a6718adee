// Archives on their way out and in: pieces, limits, idle ones, and what a lost leader leaves behind.
import { describe, expect, test } from 'vitest'
import { createSnapshotActions } from '../../../src/agent/snapshot-actions.ts'
import { createExports } from '../../../src/agent/snapshot-export.ts'
import { createImports } from '../../../src/agent/snapshot-import.ts'
import { verifyArchive } from '../../../src/agent/snapshot-verify.ts'
import { err, ok, type Result } from '../../../src/lib/result.ts'
import { requestError, type RequestError } from '../../../src/model/errors.ts'
import { createState } from '../../../src/state/state.ts'
import { actionParts, archiveOf, heldSnapshot, importParts, keysOf, stateWith } from './archive-parts.ts'
import { TestClock } from './samples.ts'

const never = new AbortController().signal

/** Lets time pass until the work is done. */
async function passing<T>(clock: TestClock, work: Promise<T>): Promise<T> {
  let isDone = false
  void work.finally(() => (isDone = true))
  for (let turn = 0; !isDone; turn++) {
    await new Promise((resolve) => setImmediate(resolve))
    if (turn % 10 === 0) clock.pass(50)
  }
  return work
}

async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve))
}

function value<T>(result: Result<T, RequestError>): T {
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}

describe('an archive on its way out', () => {
  function exportsOf(keys: number) {
    const clock = new TestClock()
    let [ids, released] = [0, 0]
    const exports = createExports({
      clock,
      newId: () => `e${++ids}`,
      take: () => Promise.resolve(ok(heldSnapshot(stateWith(keys), () => released++))),
    })
    return { clock, exports, released: () => released }
  }

  async function readAll(exports: ReturnType<typeof createExports>, id: string): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    for (let offset = 0; ;) {
      const bytes = value(await exports.read(id, offset))
      if (bytes.length === 0) return new Uint8Array(Buffer.concat(parts))
      offset += bytes.length
      parts.push(bytes)
    }
  }

  test('comes in pieces that are an archive together, and lets its snapshot go at the end', async () => {
    const { exports, released, clock } = exportsOf(2000)
    const { id, index } = value(await exports.begin())
    expect(index).toBe(2000)
    const bytes = await readAll(exports, id)
    const verified = await verifyArchive(
      (async function* () {
        yield bytes
      })(),
      clock,
    )
    expect(verified).toMatchObject({ ok: true, value: { index: 2000, term: 2 } })
    expect(released()).toBe(1)
  })

  test('the last piece is given again when its answer was lost; any other offset is refused', async () => {
    const { exports } = exportsOf(50)
    const { id } = value(await exports.begin())
    const first = value(await exports.read(id, 0))
    expect(value(await exports.read(id, 0))).toEqual(first)
    expect(await exports.read(id, first.length + 1)).toMatchObject({
      ok: false,
      error: { code: 'badRequest' },
    })
  })

  test('is forgotten when nobody reads it for a minute', async () => {
    const { exports, clock, released } = exportsOf(50)
    const { id } = value(await exports.begin())
    clock.pass(59_000)
    expect((await exports.read(id, 0)).ok).toBe(true)
    clock.pass(59_000)
    expect((await exports.read(id, 0)).ok).toBe(true)
    clock.pass(61_000)
    expect(await exports.read(id, 0)).toMatchObject({ ok: false, error: { code: 'notFound' } })
    expect(released()).toBe(1)
    expect(clock.armed).toBe(0)
  })

  test('at the limit another one is refused, until one was idle for a while', async () => {
    const { exports, clock } = exportsOf(1)
    const ids: string[] = []
    for (let i = 0; i < 8; i++) ids.push(value(await exports.begin()).id)
    expect(await exports.begin()).toMatchObject({ ok: false, error: { code: 'overloaded' } })
    clock.pass(9_000)
    for (const id of ids.slice(1)) value(await exports.read(id, 0))
    clock.pass(1_000)
    expect((await exports.begin()).ok).toBe(true)
    expect((await exports.read(ids[0] ?? '', 0)).ok).toBe(false)
    expect((await exports.read(ids[1] ?? '', 0)).ok).toBe(true)
  })

  test('a piece that is asked for at another server comes from the one that holds it', async () => {
    const holder = createSnapshotActions(actionParts(stateWith(10), createState()))
    const { id } = value(await holder.snapshotBegin({}, never))
    const other = createSnapshotActions({
      ...actionParts(createState(), createState()),
      selfId: 'server-b',
      askServer: async (server, action) => {
        expect(server).toBe('server-a')
        if (action.kind !== 'snapshotRead') throw new Error('another action')
        return { kind: 'acted', value: value(await holder.snapshotRead(action, never)) }
      },
    })
    expect(value(await other.snapshotRead({ id, offset: 0 }, never)).length).toBeGreaterThan(100)
  })
})

describe('an archive on its way in', () => {
  async function send(
    imports: ReturnType<typeof createImports>,
    bytes: Uint8Array,
  ): Promise<Result<null, RequestError>> {
    for (let at = 0; at < bytes.length; at += 1000)
      value(await imports.write('x', at, bytes.slice(at, at + 1000)))
    return imports.end('x', bytes.length)
  }

  test('replaces the state, a bounded number of records with each entry', async () => {
    const target = stateWith(10, 'old')
    const parts = importParts(target)
    expect(await send(createImports(parts), await archiveOf(stateWith(5000)))).toEqual(ok(null))
    expect(keysOf(target).length).toBe(5000)
    expect(keysOf(target, 'old')).toEqual([])
    expect(parts.commands.length).toBeGreaterThan(4)
    expect(parts.spools.map(({ isDropped }) => isDropped)).toEqual([true])
  })

  test('proposes nothing when it is damaged', async () => {
    const parts = importParts(createState())
    const archive = await archiveOf(stateWith(100))
    archive[200] = (archive[200] ?? 0) ^ 1
    expect((await send(createImports(parts), archive)).ok).toBe(false)
    expect(parts.commands).toEqual([])
  })

  test('is not taken to be whole when a piece is missing', async () => {
    const parts = importParts(createState())
    const imports = createImports(parts)
    value(await imports.write('x', 0, new Uint8Array(10)))
    expect(await imports.write('x', 11, new Uint8Array(10))).toMatchObject({ ok: false })
    expect(await imports.end('x', 21)).toMatchObject({ ok: false, error: { code: 'badRequest' } })
    expect(await imports.end('y', 21)).toMatchObject({ ok: false, error: { code: 'internal' } })
  })

  test('is dropped when nothing comes for a minute', async () => {
    const parts = importParts(createState())
    const imports = createImports(parts)
    value(await imports.write('x', 0, new Uint8Array(10)))
    parts.clock.pass(61_000)
    await settle()
    expect(parts.spools.map(({ isDropped }) => isDropped)).toEqual([true])
    expect((await imports.write('x', 10, new Uint8Array(10))).ok).toBe(false)
  })

  /** A server that loses the leadership with its third entry. */
  function losing(parts: ReturnType<typeof importParts>): ReturnType<typeof createImports> {
    let entries = 0
    return createImports({
      ...parts,
      isLeader: () => entries === 0 || parts.isLeader(),
      propose: (command) =>
        ++entries === 3
          ? Promise.resolve(err(requestError('indeterminate', 'leadership lost')))
          : parts.propose(command),
    })
  }

  test('a leader that is lost in the middle leaves the old state, and says so', async () => {
    const target = stateWith(10, 'old')
    const parts = { ...importParts(target), isLeader: () => false }
    const done = await passing(parts.clock, send(losing(parts), await archiveOf(stateWith(5000))))
    expect(done).toMatchObject({ ok: false, error: { code: 'internal' } })
    expect(!done.ok && done.error.message).toBe(
      'leadership lost: the restore was given up, nothing was changed',
    )
    expect(keysOf(target)).toEqual(keysOf(stateWith(10, 'old')))
    // What had arrived is dropped again.
    expect([...target.snapshot().records()].some(({ kind }) => kind === 'restoring')).toBe(false)
  })

  test('a server that leads again begins anew', async () => {
    const target = stateWith(10, 'old')
    const parts = importParts(target)
    expect(await send(losing(parts), await archiveOf(stateWith(5000)))).toEqual(ok(null))
    expect(keysOf(target).length).toBe(5000)
    expect(parts.commands.filter(({ kind }) => kind === 'restoreBegin').length).toBe(2)
  })

  test('only a leader that is lost with the last entry leaves doubt', async () => {
    const parts = importParts(createState())
    const imports = createImports({
      ...parts,
      propose: (command) =>
        command.kind === 'restoreEnd'
          ? Promise.resolve(err(requestError('indeterminate', 'leadership lost')))
          : parts.propose(command),
    })
    const done = await send(imports, await archiveOf(stateWith(10)))
    expect(done).toMatchObject({ ok: false, error: { code: 'indeterminate' } })
  })

  test('a restore that was under way when the archive was made is none of its content', async () => {
    const source = stateWith(10)
    source.apply(11, { kind: 'restoreBegin', id: 'half' }, { wallMs: 0 })
    const records = [...stateWith(3, 'half').snapshot().records()]
    source.apply(12, { kind: 'restoreRecords', id: 'half', records }, { wallMs: 0 })
    const target = createState()
    expect(await send(createImports(importParts(target)), await archiveOf(source))).toEqual(ok(null))
    expect(keysOf(target).length).toBe(10)
    expect([...target.snapshot().records()].some(({ kind }) => kind === 'restore')).toBe(false)
  })
})
