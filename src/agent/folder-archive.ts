// A few files as one `.tar.gz`: what `debug` hands out.
import { joined } from '../lib/bytes.ts'
import { gzip } from '../storage/byte-stream.ts'
import { tarEnd, tarHeader, tarPadding } from '../storage/tar.ts'

/** A file of the archive. */
export interface ArchivedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Packs files; the archive is in memory at once. */
export async function packFiles(files: readonly ArchivedFile[], wallMs: number): Promise<Uint8Array> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of gzip(tarOf(files, Math.floor(wallMs / 1000)))) {
    pieces.push(piece)
    size += piece.length
  }
  return joined(pieces, size)
}

async function* tarOf(files: readonly ArchivedFile[], modifiedSeconds: number): AsyncGenerator<Uint8Array> {
  for (const { name, bytes } of files) {
    yield tarHeader({ name, size: bytes.length, modifiedSeconds })
    yield bytes
    yield new Uint8Array(tarPadding(bytes.length))
  }
  yield tarEnd
}
