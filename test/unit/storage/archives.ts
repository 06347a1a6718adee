// Archives for tests: made as the program makes them, and by hand with whatever a test wants to be wrong.
import { gzipSync } from 'node:zlib'
import { createHash } from 'node:crypto'
import { readArchive, writeArchive, type ReadArchive } from '../../../src/storage/archive.ts'
import { snapshotParts } from '../../../src/storage/snapshot-file.ts'
import { loadRecords } from '../../../src/storage/snapshots.ts'
import { tarEnd, tarHeader, tarPadding } from '../../../src/storage/tar.ts'
import { err, ok, type Result } from '../../../src/lib/result.ts'
import { meta } from './samples.ts'

/** Pieces as a stream. */
export async function* streamOf(...pieces: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* pieces
}

/** All bytes of a stream. */
export async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  for await (const part of stream) parts.push(part)
  return new Uint8Array(Buffer.concat(parts))
}

/** The state of an archive with these records. */
export function stateOf(records: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat([...snapshotParts(meta, records)]))
}

/** An archive as the program makes it. */
export function archiveOf(records: readonly Uint8Array[]): Promise<Uint8Array<ArrayBuffer>> {
  const state = stateOf(records)
  const snapshot = { ...meta, size: state.length }
  return bytesOf(writeArchive({ snapshot, index: 4711, wallMs: 1_795_339_549_982, state: streamOf(state) }))
}

/** A tar archive of any files. */
export function tarOf(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const parts = files.flatMap(([name, bytes]) => [
    tarHeader({ name, size: bytes.length, modifiedSeconds: 0 }),
    bytes,
    new Uint8Array(tarPadding(bytes.length)),
  ])
  return new Uint8Array(Buffer.concat([...parts, tarEnd]))
}

/** The sums of files, as SHA256SUMS lists them. */
export function sumsOf(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  const lines = files.map(([name, bytes]) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
  return new TextEncoder().encode(lines.join(''))
}

/** meta.json of an archive. */
export const metaJson: Uint8Array = new TextEncoder().encode(
  '{"Version":1,"ID":"2-15-1","Index":15,"Term":2,"Peers":null,"Configuration":{"Servers":[]},"ConfigurationIndex":1,"Size":9}\n',
)

/** A gzipped tar with right sums. */
export function packed(files: readonly (readonly [string, Uint8Array])[]): Uint8Array {
  return new Uint8Array(gzipSync(tarOf([...files, ['SHA256SUMS', sumsOf(files)]])))
}

/** What reading an archive gives: its records, or the sentence. */
export async function readBack(
  bytes: Uint8Array,
): Promise<Result<{ readonly archive: ReadArchive; readonly records: readonly Uint8Array[] }, string>> {
  const records: Uint8Array[] = []
  const archive = await readArchive(streamOf(bytes), async (window) => {
    const loaded = await loadRecords(window, (block) => void records.push(...block))
    return loaded.ok ? loaded : err(loaded.error.message)
  })
  return archive.ok ? ok({ archive: archive.value, records }) : archive
}
