// The text of Server-Sent Events, in pieces that end anywhere.
import { describe, expect, test } from 'vitest'
import { EventParser } from '../../../src/http/client/sse.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('events', () => {
  test('have a name, an id that stays in force, and data of several lines', () => {
    const parser = new EventParser()
    const events = parser.push(
      bytes(': a comment\nevent: change\nid: 7\ndata: one\ndata: two\n\nevent:change\ndata:three\n\n'),
    )
    expect(events).toEqual([
      { event: 'change', id: '7', data: 'one\ntwo' },
      { event: 'change', id: '7', data: 'three' },
    ])
  })

  test('are the same however the stream is cut', () => {
    const text = 'event: change\r\nid: 1\r\ndata: grün ☂\r\n\r\nid: 2\rdata: x\r\r\ndata\n\n'
    const whole = new EventParser().push(bytes(text))
    expect(whole).toHaveLength(3)
    const parser = new EventParser()
    const cut = [...bytes(text)].flatMap((byte) => parser.push(Uint8Array.of(byte)))
    expect(cut).toEqual(whole)
  })

  test('without an end are not given', () => {
    expect(new EventParser().push(bytes('data: half'))).toEqual([])
    expect(new EventParser().push(bytes('\n\n\n'))).toEqual([])
  })
})
