// Bytes that servers under test send back: no answer of theirs may crash a check or hold it up.
import { expect, it } from 'vitest'

import { decodeServing } from '../../src/agent/checks/grpc-message.ts'
import { Answers } from '../../src/agent/checks/h2-ping.ts'
import { Tail } from '../../src/agent/checks/texts.ts'
import { seededRandom, type Random } from '../../src/lib/random.ts'

function bytesOf(random: Random, sizeMax: number): Uint8Array {
  return Uint8Array.from(
    { length: random.below(sizeMax) },
    () => random.pick([0, 1, 4, 6, 7, 8, 255, random.below(256)]) ?? 0,
  )
}

it('messages of gRPC: any bytes are an answer or none', () => {
  const random = seededRandom(1)
  for (let i = 0; i < 10_000; i++) {
    const payload = bytesOf(random, 24)
    const isFramed = random.chance(800)
    const bytes = isFramed ? Uint8Array.from([0, 0, 0, 0, payload.length, ...payload]) : payload
    expect(['serving', 'other', null]).toContain(decodeServing(bytes))
  }
})

it('frames of HTTP/2: any bytes end once at most, however they are cut', () => {
  const random = seededRandom(2)
  const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0]
  for (let i = 0; i < 5000; i++) {
    let ends = 0
    let whole: string | null | undefined
    const bytes = Uint8Array.from([...(random.chance(900) ? settings : []), ...bytesOf(random, 200)])
    const inPieces = new Answers({ onSettings: () => undefined, onEnd: () => void ends++ })
    for (let at = 0; at < bytes.length;) {
      const next = at + 1 + random.below(20)
      inPieces.take(bytes.subarray(at, next))
      at = next
    }
    new Answers({ onSettings: () => undefined, onEnd: (failure) => (whole = failure) }).take(bytes)
    expect(ends).toBe(whole === undefined ? 0 : 1)
  }
})

it('the last bytes of anything are the last bytes, in little memory', () => {
  const random = seededRandom(3)
  for (let i = 0; i < 1000; i++) {
    const max = random.below(50)
    const tail = new Tail(max)
    const all: number[] = []
    for (let parts = random.below(200); parts > 0; parts--) {
      const part = bytesOf(random, 80)
      all.push(...part)
      tail.add(part)
    }
    expect([...tail.bytes()]).toEqual(max === 0 ? [] : all.slice(-max))
    expect(tail.total).toBe(all.length)
  }
})
