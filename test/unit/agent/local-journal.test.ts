import { describe, expect, it } from 'vitest'
import { openJournal, type Journal } from '../../../src/agent/local-journal.ts'
import { createLog } from '../../../src/agent/log.ts'
import type { Json } from '../../../src/model/catalog.ts'
import type { Host } from '../../../src/runtime/host.ts'
import type { Files } from '../../../src/runtime/host/files.ts'
import type { Machine } from '../../sim/machine.ts'
import { World } from '../../sim/world.ts'
import { machineIn } from './agents.ts'

const path = '/data/local/definitions'

/** A machine with a file, and the map that the file follows. */
class Scene {
  readonly world: World = new World({ seed: 40 })
  readonly machine: Machine = machineIn(this.world, 'n1')
  readonly live = new Map<string, Json>()
  readonly warnings: string[] = []
  host: Host = this.world.boot(this.machine).host
  /** Syncs of a file that is appended to. */
  syncs = 0

  async open(delayMs = 0): Promise<Journal> {
    const log = createLog(this.host.clock)
    log.attach({ level: 'info', write: ({ message }) => void this.warnings.push(message) })
    const opened = openJournal({
      host: { clock: this.host.clock, files: this.#counted(this.host.files) },
      path,
      what: 'definitions',
      delayMs,
      log: log.root,
      live: () => this.live,
    })
    const journal = await this.world.wait(opened, 5000)
    this.live.clear()
    for (const [key, value] of journal.restored) this.live.set(key, value)
    return journal
  }

  #counted(files: Files): Files {
    return {
      ...files,
      openAppend: async (at, mode) => {
        const file = await files.openAppend(at, mode)
        const sync = (): Promise<void> => {
          this.syncs++
          return file.sync()
        }
        return { append: (bytes) => file.append(bytes), sync, close: () => file.close() }
      },
    }
  }

  put(journal: Journal, key: string, value: Json): void {
    this.live.set(key, value)
    journal.put(key, value)
  }

  drop(journal: Journal, key: string): void {
    this.live.delete(key)
    journal.drop(key)
  }

  /** The power goes, and comes back. */
  restart(): void {
    this.machine.end('power')
    this.host = this.world.boot(this.machine).host
  }

  text(): string {
    return new TextDecoder().decode(this.machine.disk.read(path))
  }

  write(text: string): void {
    this.machine.disk.write(path, new TextEncoder().encode(text), 0o600, 0)
    this.machine.disk.sync(path)
  }
}

async function flushed(scene: Scene, journal: Journal): Promise<string> {
  const result = await scene.world.wait(journal.flushed(), 5000)
  return result.ok ? 'durable' : result.error
}

describe('the journal', () => {
  it('has after a loss of power what was durable, without what was dropped', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    for (const key of ['a', 'b', 'c']) scene.put(journal, key, { is: key })
    scene.drop(journal, 'b')
    expect(await flushed(scene, journal)).toBe('durable')
    scene.restart()
    const again = await scene.open()
    expect([...again.restored]).toEqual([
      ['a', { is: 'a' }],
      ['c', { is: 'c' }],
    ])
  })

  it('takes one sync for what comes together', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    scene.put(journal, 'first', 1)
    await flushed(scene, journal)
    const before = scene.syncs
    for (let i = 0; i < 1000; i++) scene.put(journal, `k${i}`, i)
    await flushed(scene, journal)
    expect(scene.syncs - before).toBeLessThanOrEqual(2)
  })

  it('leaves out a damaged line, says so, keeps a copy, and loses nothing else', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    for (const key of ['a', 'b', 'c']) scene.put(journal, key, key)
    await flushed(scene, journal)
    scene.write(scene.text().replace('"b","b"', '"b","x"'))
    scene.restart()
    const again = await scene.open()
    expect([...again.restored.keys()]).toEqual(['a', 'c'])
    expect(scene.warnings.join()).toContain('A file is damaged')
    expect(scene.machine.disk.read(`${path}.damaged`).length).toBeGreaterThan(0)
    scene.put(again, 'd', 'd')
    await flushed(scene, again)
    scene.restart()
    expect([...(await scene.open()).restored.keys()]).toEqual(['a', 'c', 'd'])
  })

  it('does without a last line that is not whole', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    scene.put(journal, 'a', 'a')
    await flushed(scene, journal)
    scene.write(`${scene.text()}12345678 ["b","`)
    scene.restart()
    const again = await scene.open()
    expect([...again.restored.keys()]).toEqual(['a'])
    scene.put(again, 'c', 'c')
    await flushed(scene, again)
    scene.restart()
    expect([...(await scene.open()).restored.keys()]).toEqual(['a', 'c'])
  })

  it('is written anew when most of it is out of date', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    for (let i = 0; i < 5000; i++) {
      scene.put(journal, 'a', i)
      if (i % 500 === 0) await flushed(scene, journal)
    }
    await flushed(scene, journal)
    scene.put(journal, 'b', 'b')
    await flushed(scene, journal)
    expect(scene.text().split('\n').length).toBeLessThan(3000)
    scene.restart()
    expect([...(await scene.open()).restored]).toEqual([
      ['a', 4999],
      ['b', 'b'],
    ])
  })

  it('says that the disk is full, and has all of it again once there is room', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    scene.put(journal, 'a', 'a')
    await flushed(scene, journal)
    const { disk } = scene.machine
    disk.faults = { ...disk.faults, capacityBytes: disk.usedBytes() }
    scene.put(journal, 'b', 'x'.repeat(10_000))
    expect(await flushed(scene, journal)).toContain('no space left')
    disk.faults = { ...disk.faults, capacityBytes: 10_000_000 }
    scene.put(journal, 'c', 'c')
    expect(await flushed(scene, journal)).toBe('durable')
    scene.restart()
    expect([...(await scene.open()).restored.keys()]).toEqual(['a', 'b', 'c'])
  })

  it('loses no more than the lines that a wrong byte is in, wherever it is', async () => {
    const whole = new Scene()
    const journal = await whole.open()
    for (let i = 0; i < 8; i++) whole.put(journal, `k${i}`, 'ü'.repeat(i))
    await flushed(whole, journal)
    const text = whole.text()
    const size = new TextEncoder().encode(text).length
    const scene = new Scene()
    for (let at = 0; at < size; at += 3) {
      scene.machine.disk.mkdir('/data/local', 0o700)
      scene.write(text)
      scene.machine.disk.corrupt(path, at)
      const { restored } = await scene.open()
      const lost = 8 - restored.size
      expect(lost).toBeLessThanOrEqual(2)
      for (const [key, value] of restored) expect(value).toBe('ü'.repeat(Number(key.slice(1))))
    }
  })

  it('refuses a file of a later release with a way out', async () => {
    const scene = new Scene()
    const journal = await scene.open()
    scene.put(journal, 'a', 'a')
    await flushed(scene, journal)
    // The line of a later release, with its checksum.
    scene.write('ecd20050 {"version":99}\n')
    scene.restart()
    const problem = await scene.open().catch((error: unknown) => String(error))
    expect(typeof problem === 'string' ? problem : [...problem.restored]).toContain('later release')
  })

  it('gathers what may be lost for a second, and writes it when it is closed', async () => {
    const scene = new Scene()
    const journal = await scene.open(1000)
    scene.put(journal, 'a', 1)
    await scene.world.run(500)
    expect(() => scene.text()).toThrow()
    await scene.world.wait(journal.close(), 100)
    expect(scene.text()).toContain('["a",1]')
  })
})
