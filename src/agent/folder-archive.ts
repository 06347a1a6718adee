// A few files as one `.tar.gz`: what `debug` hands out.
import { joined } from '../lib/bytes.ts'
import { tarEnd, tarHeader, tarPadding } from '../storage/tar.ts'

/** A file of the archive. */
export interface ArchivedFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Packs files; all of it is in memory at once. */
export async function packFiles(files: readonly ArchivedFile[], wallMs: number): Promise<Uint8Array> {
  const parts = files.flatMap(({ name, bytes }) => [
    tarHeader({ name, size: bytes.length, modifiedSeconds: Math.floor(wallMs / 1000) }),
    bytes,
    new Uint8Array(tarPadding(bytes.length)),
  ])
  const all = [...parts, tarEnd]
  const tar = joined(
    all,
    all.reduce((sum, part) => sum + part.length, 0),
  )
  const zipped = new Blob([tar as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new CompressionStream('gzip'))
  return new Response(zipped).bytes()
}
