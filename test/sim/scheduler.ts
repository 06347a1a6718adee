// Virtual time: events ordered by time, then by number of creation, and the hops that let promises settle.
// Nothing else in the simulator waits.

/** The queue of everything that will happen. Times are microseconds since the start of the run. */
export interface Scheduler {
  readonly nowMicros: number
  /** Events run so far. */
  readonly eventCount: number
  /** Calls `run` at a time (at once, as the next event, if it is past); returns what cancels it. */
  at(micros: number, run: () => void): () => void
  after(micros: number, run: () => void): () => void
  /** Work that must end in the present moment, though it takes turns of the runtime: bodies that are being read. */
  trackTransient(work: Promise<unknown>): void
  /** Lets this moment take at least so many turns. */
  needTurns(turns: number): void
  /** Runs events up to and including a time, and settles after each; true if `isDone` ended it. */
  runUntil(micros: number, isDone?: () => boolean): Promise<boolean>
  /** Lets all promises settle that can without virtual time. */
  settle(): Promise<void>
}

interface Event {
  readonly at: number
  readonly number: number
  run: (() => void) | null
}

/** An empty queue at time 0. */
export function createScheduler(): Scheduler {
  return new EventQueue()
}

class EventQueue implements Scheduler {
  nowMicros = 0
  eventCount = 0
  readonly #heap: Event[] = []
  #created = 0
  #transient = 0
  #turns = 0

  at(micros: number, run: () => void): () => void {
    const event: Event = { at: Math.max(micros, this.nowMicros), number: this.#created++, run }
    push(this.#heap, event)
    return () => {
      event.run = null
    }
  }

  after(micros: number, run: () => void): () => void {
    return this.at(this.nowMicros + micros, run)
  }

  trackTransient(work: Promise<unknown>): void {
    this.#transient++
    const end = (): void => {
      this.#transient--
    }
    work.then(end, end)
  }

  needTurns(turns: number): void {
    this.#turns = Math.max(this.#turns, turns)
  }

  async settle(): Promise<void> {
    do {
      await macrotask()
      this.#turns--
    } while (this.#turns > 0 || this.#transient > 0)
  }

  async runUntil(micros: number, isDone: () => boolean = () => false): Promise<boolean> {
    await this.settle()
    while (!isDone()) {
      const next = this.#heap[0]
      if (next === undefined || next.at > micros) {
        this.nowMicros = Math.max(this.nowMicros, micros)
        return isDone()
      }
      pop(this.#heap)
      if (next.run === null) continue
      this.nowMicros = next.at
      this.eventCount++
      next.run()
      await this.settle()
    }
    return true
  }
}

/** One turn of the runtime's event loop: every promise reaction that is ready runs before it ends. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.number < b.number)
}

function push(heap: Event[], event: Event): void {
  let at = heap.length
  heap.push(event)
  while (at > 0) {
    const up = (at - 1) >> 1
    const parent = heap[up] as Event
    if (!isBefore(event, parent)) break
    heap[at] = parent
    at = up
  }
  heap[at] = event
}

function pop(heap: Event[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  let at = 0
  for (;;) {
    let child = 2 * at + 1
    if (child >= heap.length) break
    if (child + 1 < heap.length && isBefore(heap[child + 1] as Event, heap[child] as Event)) child++
    if (!isBefore(heap[child] as Event, last)) break
    heap[at] = heap[child] as Event
    at = child
  }
  heap[at] = last
}
