// The text of Server-Sent Events (HTML standard, 9.2.6) to events, from pieces that end anywhere.

/** One event. */
export interface ServerSentEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** Longest line that is kept, in characters; a longer one fails the stream. */
const lineMax = 64 * 1024 * 1024

/** Takes pieces of the stream and gives the events that are complete. */
export class EventParser {
  readonly #decoder = new TextDecoder()
  #rest = ''
  #event = ''
  #id = ''
  #data: string[] = []

  /** The events that end in this piece. */
  push(bytes: Uint8Array): readonly ServerSentEvent[] {
    const text = this.#rest + this.#decoder.decode(bytes, { stream: true })
    const events: ServerSentEvent[] = []
    let at = 0
    for (;;) {
      const end = lineEnd(text, at)
      if (end === undefined) break
      const event = this.#line(text.slice(at, end.at))
      if (event !== undefined) events.push(event)
      at = end.next
    }
    this.#rest = text.slice(at)
    if (this.#rest.length > lineMax) throw new Error('Cannot read the stream on: a line is too long')
    return events
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === '') return this.#dispatch()
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (name === 'event') this.#event = value
    else if (name === 'data') this.#data.push(value)
    else if (name === 'id' && !value.includes('\0')) this.#id = value
    return undefined
  }

  #dispatch(): ServerSentEvent | undefined {
    const isEmpty = this.#data.length === 0 && this.#event === ''
    const event = {
      event: this.#event === '' ? 'message' : this.#event,
      id: this.#id,
      data: this.#data.join('\n'),
    }
    this.#event = ''
    this.#data = []
    return isEmpty ? undefined : event
  }
}

interface LineEnd {
  readonly at: number
  readonly next: number
}

/** The next end of a line: CR, LF or both. A CR at the end of the piece waits for what follows. */
function lineEnd(text: string, from: number): LineEnd | undefined {
  for (let at = from; at < text.length; at++) {
    const char = text.charCodeAt(at)
    if (char === 10) return { at, next: at + 1 }
    if (char !== 13) continue
    if (at + 1 === text.length) return undefined
    return { at, next: text.charCodeAt(at + 1) === 10 ? at + 2 : at + 1 }
  }
  return undefined
}
