import { gunzipSync } from 'node:zlib'
import { expect, it } from 'vitest'
import { packFiles } from '../../../src/agent/folder-archive.ts'
import { parseTarHeader } from '../../../src/storage/tar.ts'

it('packs files so that they can be unpacked', async () => {
  const bytes = new TextEncoder().encode('hello')
  const tar = new Uint8Array(gunzipSync(await packFiles([{ name: 'a/b.txt', bytes }], 5000)))
  expect(parseTarHeader(tar.subarray(0, 512))).toEqual({
    ok: true,
    value: { name: 'a/b.txt', size: 5, modifiedSeconds: 5 },
  })
  expect(new TextDecoder().decode(tar.subarray(512, 517))).toBe('hello')
  expect(tar.length).toBe(512 * 4)
})
