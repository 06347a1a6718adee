import { execFileSync } from 'node:child_process'
import { gunzipSync, gzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { readArchive } from '../../../src/storage/archive.ts'
import { ok } from '../../../src/lib/result.ts'
import { archiveOf, metaJson, packed, readBack, stateOf, streamOf, sumsOf, tarOf } from './archives.ts'

const records = Array.from({ length: 3000 }, (_, at) => new Uint8Array((at * 37) % 300).fill(at))
const state = stateOf(records)

test('what was written is read back, with what it says of itself', async () => {
  const read = await readBack(await archiveOf(records))
  if (!read.ok) throw new Error(read.error)
  expect(read.value.records).toEqual(records)
  expect(read.value.archive.meta).toEqual({
    id: '7-4711-1795339549982',
    index: 4711,
    term: 7,
    size: state.length,
    version: 1,
  })
})

test('any tar can read it, and sha256sum agrees with its sums', async () => {
  const archive = await archiveOf(records)
  const directory = execFileSync('mktemp', ['-d'], { encoding: 'utf8' }).trim()
  execFileSync('tar', ['xzf', '-', '-C', directory], { input: archive })
  const checked = execFileSync('sha256sum', ['-c', 'SHA256SUMS'], { cwd: directory, encoding: 'utf8' })
  expect(checked).toBe('meta.json: OK\nstate.bin: OK\n')
  execFileSync('rm', ['-r', directory])
})

test('its meta.json has the fields of the reference', async () => {
  const tar = gunzipSync(await archiveOf([]))
  const text = tar.subarray(512, tar.indexOf(0, 512)).toString()
  expect(Object.keys(JSON.parse(text))).toEqual([
    'Version',
    'ID',
    'Index',
    'Term',
    'Peers',
    'Configuration',
    'ConfigurationIndex',
    'Size',
  ])
})

const files = [
  ['meta.json', metaJson],
  ['state.bin', state],
] as const

/** What is wrong, and what is said about it: the reference's words where it knows the case. */
const refusals: readonly (readonly [string, () => Uint8Array | Promise<Uint8Array>, string])[] = [
  ['nothing at all', () => new Uint8Array(0), 'failed to decompress snapshot: EOF'],
  ['a few bytes', () => Buffer.from('hello\n'), 'failed to decompress snapshot: unexpected EOF'],
  [
    'something else',
    () => Buffer.from('hello world hello'),
    'failed to decompress snapshot: gzip: invalid header',
  ],
  [
    'an archive that is cut',
    async () => (await archiveOf(records)).subarray(0, 1000),
    'failed to read snapshot file: failed to read or write snapshot data: unexpected EOF',
  ],
  [
    'no sums',
    () => gzipSync(tarOf(files)),
    'failed to read snapshot file: failed checking integrity of snapshot: file missing for "meta.json"',
  ],
  [
    'a sum that is wrong',
    () =>
      gzipSync(
        tarOf([
          ...files,
          [
            'SHA256SUMS',
            sumsOf([
              ['meta.json', metaJson],
              ['state.bin', metaJson],
            ]),
          ],
        ]),
      ),
    'failed to read snapshot file: failed checking integrity of snapshot: hash check failed for "state.bin"',
  ],
  [
    'a file too many',
    () => packed([...files, ['S', metaJson]]),
    'failed to read snapshot file: unexpected file "S" in snapshot',
  ],
  [
    'a name that leads elsewhere',
    () => packed([['../../etc/passwd', metaJson], ...files]),
    'failed to read snapshot file: unexpected file "../../etc/passwd" in snapshot',
  ],
  [
    'a file twice',
    () => packed([...files, ['meta.json', metaJson]]),
    'failed to read snapshot file: file "meta.json" occurs twice in snapshot',
  ],
  [
    'no state',
    () => packed([['meta.json', metaJson]]),
    'failed to read snapshot file: failed checking integrity of snapshot: file missing for "state.bin"',
  ],
  [
    'a meta.json that is huge',
    () => packed([['meta.json', new Uint8Array(1024 * 1024 + 1)]]),
    'failed to read snapshot file: "meta.json" has 1048577 bytes, more than it may have',
  ],
  [
    'a tail that unpacks without end',
    () =>
      gzipSync(
        Buffer.concat([tarOf([...files, ['SHA256SUMS', sumsOf(files)]]), new Uint8Array(2 * 1024 * 1024)]),
      ),
    'failed to read snapshot file: there is data behind the end of the archive',
  ],
  [
    'the archive of Consul',
    () =>
      packed([
        ['meta.json', metaJson],
        ['state.bin', Uint8Array.of(0x81, 0xa9, 0x4c, 0x61, 0x73, 0x74)],
      ]),
    'failed to read snapshot file: its state.bin is not in the format of proconsul; archives of HashiCorp Consul ' +
      'cannot be restored here (export the keys there with "consul kv export", and import them with "kv import")',
  ],
]

test.each(refusals)('%s is refused with a sentence', async (_, make, sentence) => {
  expect(await readBack(await make())).toEqual({ ok: false, error: sentence })
})

test('a source that fails is not taken for a damaged archive', async () => {
  const archive = await archiveOf(records)
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield archive.subarray(0, 500)
    throw new Error('the connection broke')
  }
  const reading = readArchive(failing(), () => Promise.resolve(ok(undefined)))
  await expect(reading).rejects.toThrow('the connection broke')
})

test('a state that nobody reads is verified nevertheless', async () => {
  const read = await readArchive(streamOf(await archiveOf(records)), () => Promise.resolve(ok(undefined)))
  expect(read.ok).toBe(true)
})

test('whoever reads the state may give up, with words of its own', async () => {
  const archive = await archiveOf(records)
  const reading = readArchive(streamOf(archive), () => Promise.reject(new Error('the leader has gone')))
  await expect(reading).rejects.toThrow('the leader has gone')
})
