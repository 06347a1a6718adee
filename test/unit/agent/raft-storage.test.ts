import { describe, expect, it } from 'vitest'
import { openRaftStorage } from '../../../src/agent/raft-storage.ts'
import { limits } from '../../../src/model/limits.ts'
import type { SnapshotMeta } from '../../../src/raft/message.ts'
import { HostError } from '../../../src/runtime/host.ts'
import type { Files } from '../../../src/runtime/host/files.ts'
import { World } from '../../sim/world.ts'
import { machineIn } from './agents.ts'
import { silent } from './samples.ts'

const announced: SnapshotMeta = {
  index: 5,
  term: 1,
  configuration: { servers: [] },
  configurationIndex: 1,
  size: 3,
}

describe('a received snapshot', () => {
  /** Receives three bytes that are no snapshot, and finishes. */
  async function receive(change: (files: Files) => Files): Promise<unknown> {
    const world = new World({ seed: 960 })
    const { host } = world.boot(machineIn(world, 'n1'))
    const work = async (): Promise<unknown> => {
      const storage = await openRaftStorage({ ...host, files: change(host.files) }, '/data', limits, silent)
      try {
        await storage.writeChunk(announced, 0, new Uint8Array(3))
        return await storage.finish(announced, () => undefined)
      } finally {
        await storage.close()
      }
    }
    return world.wait(work(), 5000)
  }

  it('that is damaged is refused with a reason', async () => {
    expect(await receive((files) => files)).toMatchObject({ ok: false })
  })

  it('that the disk cannot keep is a failure of the disk', async () => {
    const refuse = (files: Files): Files => ({
      ...files,
      stat: (path) =>
        path.endsWith('.part')
          ? Promise.reject(new HostError('EIO', 'input or output error'))
          : files.stat(path),
    })
    await expect(receive(refuse)).rejects.toThrow(/received snapshot/)
  })
})
