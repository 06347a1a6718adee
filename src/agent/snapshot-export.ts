// Archives on their way out: frozen at one moment, made while they are read, forgotten when nobody reads any more.
import { joined } from '../lib/bytes.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'
import { writeArchive } from '../storage/archive.ts'
import type { HeldSnapshot } from './raft-snapshots.ts'

/** What archives are made from. */
export interface ExportOptions {
  readonly clock: Clock
  /** Names the next archive, for all servers. */
  readonly newId: () => string
  readonly take: () => Promise<Result<HeldSnapshot, string>>
}

/** Archives that are being read. */
export interface Exports {
  /** Freezes the state. */
  begin(): Promise<Result<{ readonly id: string; readonly index: number }, RequestError>>
  /** The bytes at an offset: where the last answer ended, or, if that was lost, where it began. Empty at the end. */
  read(id: string, offset: number): Promise<Result<Uint8Array, RequestError>>
  stop(): void
}

/** Nobody has read for so long: nobody reads any more. */
const idleMsMax = 60_000
/** Who reads asks again within a moment: an archive that is idle for so long gives way when there are too many. */
const idleMsMin = 10_000
/** Archives that are read at the same time. Past it: refused as overloaded. */
const exportsMax = 8
/** Bytes of one answer, about. */
const answerBytes = 256 * 1024

/** Makes the archives of one server. */
export function createExports(options: ExportOptions): Exports {
  const { clock } = options
  const byId = new Map<string, Export>()
  let beginning = 0
  const forget = (id: string): void => {
    byId.get(id)?.close()
    byId.delete(id)
  }
  /** Clients that have gone do not say so: their archives give way to new ones before their minute is over. */
  const forgetIdlest = (): void => {
    const [idlest] = [...byId].toSorted(([, a], [, b]) => a.readAtMs - b.readAtMs)
    if (idlest !== undefined && clock.nowMs() - idlest[1].readAtMs >= idleMsMin) forget(idlest[0])
  }
  return {
    async begin() {
      if (byId.size + beginning >= exportsMax) forgetIdlest()
      if (byId.size + beginning >= exportsMax) return err(requestError('overloaded', tooMany))
      beginning++
      const taken = await options.take().finally(() => beginning--)
      if (!taken.ok) return err(requestError('internal', `failed to take a snapshot: ${taken.error}`))
      const id = options.newId()
      const { index } = taken.value
      byId.set(id, new Export(taken.value, clock, () => forget(id)))
      return ok({ id, index })
    },
    async read(id, offset) {
      const found = byId.get(id)
      return found === undefined ? err(requestError('notFound', gone)) : await found.read(offset)
    },
    stop() {
      for (const id of byId.keys()) forget(id)
    },
  }
}

const tooMany = `This server makes ${exportsMax} snapshots already; try again later`
const gone =
  'The snapshot is no longer there: nobody has read it for a minute, or the server was started again'

/** One archive. Its reads come one after the other. */
class Export {
  readonly #snapshot: HeldSnapshot
  readonly #clock: Clock
  readonly #onIdle: () => void
  readonly #pieces: AsyncIterator<Uint8Array>
  #last: { readonly offset: number; readonly bytes: Uint8Array } = { offset: 0, bytes: new Uint8Array(0) }
  #reading: Promise<unknown> = Promise.resolve()
  #disarm: () => void = () => undefined
  #isClosed = false
  readAtMs: number

  constructor(snapshot: HeldSnapshot, clock: Clock, onIdle: () => void) {
    this.#snapshot = snapshot
    this.#clock = clock
    this.#onIdle = onIdle
    const { meta, index } = snapshot
    const archive = writeArchive({ snapshot: meta, index, wallMs: clock.wallMs(), state: snapshot.bytes() })
    this.#pieces = archive[Symbol.asyncIterator]()
    this.readAtMs = clock.nowMs()
    this.#arm()
  }

  #arm(): void {
    this.#disarm()
    this.readAtMs = this.#clock.nowMs()
    this.#disarm = this.#clock.wakeAt(this.readAtMs + idleMsMax, this.#onIdle)
  }

  read(offset: number): Promise<Result<Uint8Array, RequestError>> {
    const reading = this.#reading.then(() => this.#readNow(offset))
    this.#reading = reading
    return reading
  }

  async #readNow(offset: number): Promise<Result<Uint8Array, RequestError>> {
    if (this.#isClosed) return err(requestError('notFound', gone))
    this.#arm()
    const { offset: lastOffset, bytes: last } = this.#last
    if (offset === lastOffset && last.length > 0) return ok(last)
    if (offset !== lastOffset + last.length) {
      return err(requestError('badRequest', `The snapshot is read from front to back, not at byte ${offset}`))
    }
    try {
      const bytes = await this.#next()
      this.#last = { offset, bytes }
      return ok(bytes)
    } catch (error) {
      this.#onIdle()
      const reason = error instanceof Error ? error.message : String(error)
      return err(requestError('internal', `failed to read the snapshot: ${reason}`))
    }
  }

  async #next(): Promise<Uint8Array> {
    const parts: Uint8Array[] = []
    let size = 0
    while (size < answerBytes) {
      const next = await this.#pieces.next()
      if (next.done === true) break
      parts.push(next.value)
      size += next.value.length
    }
    // The end was told to whoever reads: nothing is held for the minute to come.
    if (size === 0) this.#snapshot.release()
    return joined(parts, size)
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#disarm()
    this.#snapshot.release()
    void this.#reading.then(() => this.#pieces.return?.())
  }
}
