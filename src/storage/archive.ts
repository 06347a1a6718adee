// Archives of the state for people to keep: a gzipped tar of meta.json, state.bin and SHA256SUMS, in this order.
// state.bin is a snapshot as snapshot-file.ts has it. Written and read as streams: nothing is in memory as a whole.
import { sha256 } from '@noble/hashes/sha2.js'
import { joined } from '../lib/bytes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { SnapshotMeta } from '../raft/message.ts'
import { encodeArchiveMeta, parseArchiveMeta, type ArchiveMeta } from './archive-meta.ts'
import { ByteStream, errorOf, gunzip, gzip, StreamWindow, type Bytes } from './byte-stream.ts'
import type { Window } from './file-window.ts'
import { isSnapshotStart } from './snapshot-file.ts'
import { parseTarHeader, tarEnd, tarHeader, tarPadding, type TarEntry } from './tar.ts'

/** What an archive is made of. */
export interface ArchiveSource {
  readonly snapshot: SnapshotMeta
  /** Index of the last command in it, as clients know it. */
  readonly index: number
  readonly wallMs: number
  /** The snapshot's file. */
  readonly state: Bytes
}

const names = { meta: 'meta.json', state: 'state.bin', sums: 'SHA256SUMS' } as const
/** Bytes of the two small files. Larger ones are refused. */
const metaBytesMax = 1024 * 1024
const sumsBytesMax = 64 * 1024
/** Bytes behind the end of an archive: tar programs fill up to some 10 KiB. Without a bound a small upload unpacks for days. */
const fillBytesMax = 1024 * 1024

/** An archive, as it is made. Rejects as the state's stream does, or if that has another size than announced. */
export function writeArchive(source: ArchiveSource): Bytes {
  return gzip(tarOf(source))
}

async function* tarOf(source: ArchiveSource): AsyncGenerator<Uint8Array> {
  const modifiedSeconds = Math.floor(source.wallMs / 1000)
  const { size } = source.snapshot
  const meta = encodeArchiveMeta(source)
  yield tarHeader({ name: names.meta, size: meta.length, modifiedSeconds })
  yield padded(meta)
  const hash = sha256.create()
  let seen = 0
  yield tarHeader({ name: names.state, size, modifiedSeconds })
  for await (const piece of source.state) {
    hash.update(piece)
    seen += piece.length
    yield piece
  }
  if (seen !== size) throw new Error(`the snapshot has ${seen} bytes, not the ${size} that it should have`)
  yield new Uint8Array(tarPadding(size))
  const sums = new TextEncoder().encode(
    `${hex(sha256(meta))}  ${names.meta}\n${hex(hash.digest())}  ${names.state}\n`,
  )
  yield tarHeader({ name: names.sums, size: sums.length, modifiedSeconds })
  yield padded(sums)
  yield tarEnd
}

function padded(bytes: Uint8Array): Uint8Array {
  return joined([bytes], bytes.length + tarPadding(bytes.length))
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What an archive is, when it has been read to its end and all sums were right. */
export interface ReadArchive {
  readonly meta: ArchiveMeta
}

/**
 * Reads an archive to its end and verifies its sums.
 *
 * @param onState reads the state from the window, from front to back; its error is a sentence. What it has taken in
 *   must be thrown away if the archive turns out to be damaged.
 * @returns the error is a sentence in the reference's words, where it has some
 * Errors: rejects as `bytes` does.
 */
export async function readArchive(
  bytes: Bytes,
  onState: (window: Window) => Promise<Result<void, string>>,
): Promise<Result<ReadArchive, string>> {
  const packed = new ByteStream(bytes)
  const start = await packed.exactly(10)
  const fault = gzipFault(start)
  if (fault !== undefined) {
    await packed.close()
    return err(`failed to decompress snapshot: ${fault}`)
  }
  const tar = new ByteStream(unpacked(start, packed))
  const reader = new ArchiveReader(tar, onState)
  try {
    const read = await reader.read()
    return read.ok ? read : err(`failed to read snapshot file: ${read.error}`)
  } catch (error) {
    // What the source or the reader of the state have thrown is theirs, and no fault of the archive.
    if (!(error instanceof BadGzip)) throw error
    return err(`failed to read snapshot file: ${reader.doing}: ${error.message}`)
  } finally {
    await tar.close()
  }
}

/** What was packed is cut or damaged. */
class BadGzip extends Error {}

/** What the packed bytes hold. Rejects with BadGzip, or as the packed bytes do. */
async function* unpacked(start: Uint8Array, rest: ByteStream): AsyncGenerator<Uint8Array> {
  const source: { failure?: Error } = {}
  try {
    yield* gunzip(packedBytes(start, rest, (failure) => (source.failure = failure)))
  } catch (error) {
    throw source.failure ?? new BadGzip(gunzipFault(error))
  }
}

async function* packedBytes(
  start: Uint8Array,
  rest: ByteStream,
  onFailure: (failure: Error) => void,
): AsyncGenerator<Uint8Array> {
  yield start
  try {
    for (;;) {
      const piece = await rest.some(pieceBytes)
      if (piece.length === 0) return
      yield piece
    }
  } catch (error) {
    onFailure(errorOf(error))
    throw error
  } finally {
    await rest.close()
  }
}

const pieceBytes = 256 * 1024

function gzipFault(start: Uint8Array): string | undefined {
  if (start.length === 0) return 'EOF'
  if (start.length < 10) return 'unexpected EOF'
  return start[0] === 0x1f && start[1] === 0x8b && start[2] === 8 ? undefined : 'gzip: invalid header'
}

function gunzipFault(error: unknown): string {
  if (!(error instanceof Error)) return 'flate: corrupt input'
  const { cause } = error
  const words = `${error.message} ${cause instanceof Error ? cause.message : ''}`
  return /end of file|matching checksum/.test(words) ? 'unexpected EOF' : 'flate: corrupt input'
}

type Entries = Map<string, string>

/** One pass over the tar stream. Each file may occur once. */
class ArchiveReader {
  readonly #tar: ByteStream
  readonly #onState: (window: Window) => Promise<Result<void, string>>
  /** What was found, by name. */
  readonly #hashes: Entries = new Map()
  #meta: Result<ArchiveMeta, string> | undefined
  #state: Result<void, string> | undefined
  #sums: string | undefined
  /** What fails if the stream does, in the reference's words. */
  doing: string = steps.header

  constructor(tar: ByteStream, onState: (window: Window) => Promise<Result<void, string>>) {
    this.#tar = tar
    this.#onState = onState
  }

  async read(): Promise<Result<ReadArchive, string>> {
    for (;;) {
      this.doing = steps.header
      const block = await this.#tar.exactly(tarEnd.length / 2)
      // The reference's library takes the end of the stream for the end of the archive.
      const entry = block.length === 0 ? ok(null) : parseHeader(block)
      if (!entry.ok) return err(`${steps.header}: ${entry.error}`)
      if (entry.value === null) break
      const fault = await this.#file(entry.value)
      if (fault !== undefined) return err(fault)
    }
    return (await this.#isAtEnd()) ? this.#verdict() : err('there is data behind the end of the archive')
  }

  /** Reads what tar fills its last record up with, so that the gzip sum is verified too. */
  async #isAtEnd(): Promise<boolean> {
    for (let left = fillBytesMax; left > 0;) {
      const { length } = await this.#tar.some(left)
      if (length === 0) return true
      left -= length
    }
    return false
  }

  /** Takes one file in; a sentence if it may not be there. */
  async #file(entry: TarEntry): Promise<string | undefined> {
    const { name, size } = entry
    if (this.#hashes.has(name) || (name === names.sums && this.#sums !== undefined))
      return `file ${JSON.stringify(name)} occurs twice in snapshot`
    this.doing = steps[name] ?? steps.header
    const hash = sha256.create()
    const window = new StreamWindow(this.#tar, size, {
      path: `${names.state} of the archive`,
      onBytes: (bytes) => hash.update(bytes),
    })
    const fault = await this.#take(entry, window)
    if (fault !== undefined) return fault
    if (!(await window.drain())) return `${this.doing}: unexpected EOF`
    const padding = tarPadding(size)
    if ((await this.#tar.exactly(padding)).length < padding) return `${steps.header}: unexpected EOF`
    if (name !== names.sums) this.#hashes.set(name, hex(hash.digest()))
    return undefined
  }

  async #take({ name, size }: TarEntry, window: StreamWindow): Promise<string | undefined> {
    switch (name) {
      case names.meta:
        if (size > metaBytesMax) return `"${name}" has ${size} bytes, more than it may have`
        this.#meta = parseArchiveMeta(await window.at(0, size))
        return undefined
      case names.sums:
        if (size > sumsBytesMax) return `"${name}" has ${size} bytes, more than it may have`
        this.#sums = new TextDecoder().decode(await window.at(0, size))
        return undefined
      case names.state:
        this.#state = await readState(window, this.#onState)
        return undefined
      default:
        return `unexpected file ${JSON.stringify(name)} in snapshot`
    }
  }

  /** The sums first: what is wrong with the content may be their fault. */
  #verdict(): Result<ReadArchive, string> {
    const fault = sumsFault(this.#sums ?? '', this.#hashes)
    if (fault !== undefined) return err(`failed checking integrity of snapshot: ${fault}`)
    if (this.#meta === undefined || this.#state === undefined) return err('a file is missing in snapshot')
    if (!this.#meta.ok) return this.#meta
    return this.#state.ok ? ok({ meta: this.#meta.value }) : this.#state
  }
}

const steps: Readonly<Record<string, string>> & { readonly header: string } = {
  header: 'failed reading snapshot',
  [names.meta]: 'failed to read snapshot metadata',
  [names.state]: 'failed to read or write snapshot data',
  [names.sums]: 'failed to read snapshot hashes',
}

function parseHeader(block: Uint8Array): Result<TarEntry | null, string> {
  return block.length < tarEnd.length / 2 ? err('unexpected EOF') : parseTarHeader(block)
}

async function readState(
  window: StreamWindow,
  onState: (window: Window) => Promise<Result<void, string>>,
): Promise<Result<void, string>> {
  const start = await window.at(0, 4)
  if (!isSnapshotStart(start)) return err(foreignState)
  return onState(new Resumed(start, window))
}

/** A window of which the first bytes have been looked at. */
class Resumed implements Window {
  readonly path: string
  readonly size: number
  readonly #start: Uint8Array
  readonly #rest: Window

  constructor(start: Uint8Array, rest: Window) {
    this.#start = start
    this.#rest = rest
    this.path = rest.path
    this.size = rest.size
  }

  async at(offset: number, length: number): Promise<Uint8Array> {
    if (offset > 0) return this.#rest.at(offset, length)
    const rest = await this.#rest.at(this.#start.length, Math.max(0, length - this.#start.length))
    return joined([this.#start, rest], this.#start.length + rest.length)
  }
}

/** The archive of another program: the state in it means nothing here. */
const foreignState =
  'its state.bin is not in the format of proconsul; archives of HashiCorp Consul cannot be restored here ' +
  '(export the keys there with "consul kv export", and import them with "kv import")'

/** What is wrong between the sums that an archive names and those that it has. */
function sumsFault(sums: string, hashes: ReadonlyMap<string, string>): string | undefined {
  const listed = new Map<string, string>()
  for (const line of sums.split('\n').filter((text) => text !== '')) {
    const match = /^([0-9a-f]{64}) [ *](.+)$/.exec(line)
    if (match === null) return `failed to read hashes: unexpected line ${JSON.stringify(line)}`
    const [, hash = '', name = ''] = match
    if (!hashes.has(name)) return `hash check failed for ${JSON.stringify(name)}`
    listed.set(name, hash)
  }
  for (const name of [names.meta, names.state]) {
    const found = hashes.get(name)
    const hash = listed.get(name)
    if (hash === undefined) return `file missing for "${name}"`
    if (found !== hash) return `hash check failed for "${name}"`
  }
  return undefined
}
