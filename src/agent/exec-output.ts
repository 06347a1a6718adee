// The output of one remote job on its way into the KV store: pieces of 4 KiB, or what has come within half a second.
import { joined } from '../lib/bytes.ts'
import type { Clock } from '../runtime/host.ts'

/** Writes a piece; false if it was not taken. */
export type WritePiece = (name: string, bytes: Uint8Array) => Promise<boolean>

/** As the reference. */
const pieceBytesMax = 4096
const pieceMs = 500
/** With so many bytes that wait to be written the job has to wait. */
const waitingBytesHigh = 256 * 1024
/** Past it output is dropped, and the last piece says how much. */
const waitingBytesMax = 1024 * 1024

/** Takes output and writes it in order. */
export class ExecOutput {
  readonly #clock: Clock
  readonly #write: WritePiece
  readonly #signMs: number
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #droppedBytes = 0
  #number = 0
  #isAtWork: Promise<void> | null = null
  #disarm: (() => void) | null = null
  #disarmSign: (() => void) | null = null
  #isOver = false
  /** The job waits for these. */
  readonly #holding: (() => void)[] = []

  /** @param waitMs a sign of life, an empty piece, is written more often than this */
  constructor(clock: Clock, waitMs: number, write: WritePiece) {
    this.#clock = clock
    this.#write = write
    this.#signMs = Math.max(pieceMs, Math.floor(waitMs / 2))
    this.#armSign()
  }

  /** Takes in what the job has written; a promise if it is to wait before it writes more. */
  add(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#isOver) return undefined
    const room = Math.max(0, waitingBytesMax - this.#waitingBytes)
    const kept = bytes.subarray(0, room)
    this.#droppedBytes += bytes.length - kept.length
    if (kept.length > 0) this.#waiting.push(kept)
    this.#waitingBytes += kept.length
    if (this.#waitingBytes >= pieceBytesMax) this.#flush()
    else this.#disarm ??= this.#clock.wakeAt(this.#clock.nowMs() + pieceMs, () => this.#flush())
    if (this.#waitingBytes < waitingBytesHigh) return undefined
    return new Promise((resolve) => this.#holding.push(resolve))
  }

  /** The job is over: resolves when all its output is written. */
  async end(): Promise<void> {
    this.#disarmSign?.()
    if (this.#droppedBytes > 0) {
      const note = new TextEncoder().encode(`\n[${this.#droppedBytes} bytes of output were dropped]\n`)
      this.#waiting.push(note)
      this.#waitingBytes += note.length
    }
    this.#flush()
    await this.#isAtWork
    this.#isOver = true
    this.#release()
    this.#disarm?.()
  }

  #armSign(): void {
    if (this.#isOver) return
    this.#disarmSign = this.#clock.wakeAt(this.#clock.nowMs() + this.#signMs, () => {
      if (!this.#isOver && this.#isAtWork === null && this.#waitingBytes === 0)
        this.#isAtWork = this.#work([new Uint8Array(0)])
      this.#armSign()
    })
  }

  #flush(): void {
    this.#disarm?.()
    this.#disarm = null
    if (this.#waitingBytes > 0) this.#isAtWork ??= this.#work([])
  }

  /** Writes one piece after the other, until nothing waits. */
  async #work(first: readonly Uint8Array[]): Promise<void> {
    for (const piece of first) if (!(await this.#put(piece))) this.#isOver = true
    while (this.#waitingBytes > 0 && !this.#isOver) {
      const isWritten = await this.#put(this.#take())
      // The session is gone: nobody reads on.
      if (!isWritten) this.#isOver = true
      if (this.#isOver || this.#waitingBytes < waitingBytesHigh) this.#release()
    }
    this.#isAtWork = null
  }

  #release(): void {
    for (const resolve of this.#holding.splice(0)) resolve()
  }

  #put(piece: Uint8Array): Promise<boolean> {
    const name = `out/${(this.#number++).toString(16).padStart(5, '0')}`
    return this.#write(name, piece)
  }

  #take(): Uint8Array {
    const all = joined(this.#waiting, this.#waitingBytes)
    const piece = all.subarray(0, pieceBytesMax)
    const rest = all.subarray(piece.length)
    this.#waiting = rest.length === 0 ? [] : [rest]
    this.#waitingBytes = rest.length
    return piece
  }
}
