// What is to be sent on a stream. Whoever writes waits until the reader has taken what is there: a slow reader gets
// fewer and newer changes instead of a growing queue.

/** Characters that wait to be taken, past which no more should be added. */
const charactersMax = 64 * 1024

/** A stream of text under way to its reader. */
export class Outbox {
  readonly stream: ReadableStream<Uint8Array>
  readonly #encoder = new TextEncoder()
  #queued: string[] = []
  #characters = 0
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null
  /** Ends a `pull` that waits for something to send. */
  #onText: (() => void) | null = null
  #roomWaiters: (() => void)[] = []
  #isClosed = false

  /** `onGone` is called when the reader has gone. */
  constructor(onGone: () => void) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller
        },
        pull: () => this.#pull(),
        cancel: () => {
          this.#end()
          onGone()
        },
      },
      { highWaterMark: 0 },
    )
  }

  /** Adds text behind what is there. */
  push(text: string): void {
    if (this.#isClosed) return
    this.#queued.push(text)
    this.#characters += text.length
    this.#onText?.()
  }

  /** True when whoever has much to say should wait for `room`. */
  get isFull(): boolean {
    return this.#characters >= charactersMax
  }

  /** Resolves when everything was taken, or when nobody reads any more. */
  room(): Promise<void> {
    if (this.#queued.length === 0 || this.#isClosed) return Promise.resolve()
    return new Promise((resolve) => this.#roomWaiters.push(resolve))
  }

  /** Ends the stream after what is there. */
  close(): void {
    if (this.#isClosed) return
    this.#send()
    this.#end()
    this.#controller?.close()
  }

  async #pull(): Promise<void> {
    if (this.#queued.length === 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => {
        this.#onText = resolve
      })
      this.#onText = null
    }
    this.#send()
  }

  #send(): void {
    if (this.#queued.length === 0 || this.#isClosed) return
    this.#controller?.enqueue(this.#encoder.encode(this.#queued.join('')))
    this.#queued = []
    this.#characters = 0
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }

  #end(): void {
    this.#isClosed = true
    this.#onText?.()
    for (const resolve of this.#roomWaiters.splice(0)) resolve()
  }
}
