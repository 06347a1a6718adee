// Archives come from people's disks and from the network: whatever is in them ends as a sentence.
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { seededRandom } from '../../src/lib/random.ts'
import { parseTarHeader } from '../../src/storage/tar.ts'
import { archiveOf, readBack } from '../unit/storage/archives.ts'

const records = Array.from({ length: 40 }, (_, at) => new Uint8Array((at * 37) % 90).fill(at))

test('an archive that is cut anywhere is refused', async () => {
  const archive = await archiveOf(records)
  for (let cut = 0; cut < archive.length; cut++) {
    expect((await readBack(archive.subarray(0, cut))).ok, `cut at ${cut}`).toBe(false)
  }
})

test('a bit flipped anywhere inside is refused, or changes nothing', async () => {
  const tar = new Uint8Array(gunzipSync(await archiveOf(records)))
  const random = seededRandom(7)
  for (let at = 0; at < tar.length; at++) {
    const damaged = tar.slice()
    damaged[at] = (damaged[at] ?? 0) ^ (1 << random.below(8))
    const read = await readBack(new Uint8Array(gzipSync(damaged, { level: 1 })))
    if (read.ok) expect(read.value.records, `byte ${at}`).toEqual(records)
  }
})

test('no rubbish makes the reader throw, in or out of gzip', async () => {
  const random = seededRandom(11)
  const whole = new Uint8Array(gunzipSync(await archiveOf(records)))
  for (let round = 0; round < 300; round++) {
    const bytes = whole.slice(0, 512 + random.below(whole.length))
    for (let changes = 1 + random.below(40); changes > 0; changes--) {
      bytes[random.below(bytes.length)] = random.below(256)
    }
    const isPacked = random.below(4) > 0
    expect((await readBack(isPacked ? new Uint8Array(gzipSync(bytes)) : bytes)).ok).toBe(false)
  }
})

test('no block makes the reader of headers throw, and no size is beyond the format', () => {
  const random = seededRandom(3)
  for (let round = 0; round < 20_000; round++) {
    const block = new Uint8Array(512)
    for (let changes = random.below(30); changes > 0; changes--) block[random.below(512)] = random.below(256)
    const entry = parseTarHeader(block)
    if (entry.ok && entry.value !== null) expect(entry.value.size).toBeLessThanOrEqual(8 ** 11)
  }
})
