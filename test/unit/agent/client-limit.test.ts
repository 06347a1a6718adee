import { describe, expect, it } from 'vitest'
import { limitClients } from '../../../src/agent/client-limit.ts'
import type { HttpPeer } from '../../../src/runtime/host.ts'
import { settled } from './samples.ts'

/** A server whose requests are under way until they are ended. */
class Bench {
  readonly #ends: (() => void)[] = []
  /** How often somebody's address was asked for. */
  asked = 0
  readonly limit = limitClients((request) => {
    if (request.url.endsWith('/now')) return new Response('')
    return new Promise<Response>((resolve) => this.#ends.push(() => resolve(new Response(''))))
  }, 3)

  /** The status if it came at once, or null. */
  send(ip: string, path = '/wait'): number | null {
    const count = (): void => void this.asked++
    const from: HttpPeer = {
      get ip() {
        count()
        return ip
      },
      port: 1,
    }
    const answer = this.limit.handle(new Request(`http://agent${path}`), from)
    return answer instanceof Response ? answer.status : null
  }

  async end(count: number): Promise<void> {
    for (const end of this.#ends.splice(0, count)) end()
    await settled()
  }
}

describe('requests of one address', () => {
  it('are refused past the limit, and taken again when some have ended', async () => {
    const bench = new Bench()
    expect([1, 2, 3, 4].map(() => bench.send('a'))).toEqual([null, null, null, 429])
    expect([1, 2, 3, 4].map(() => bench.send('b'))).toEqual([null, null, null, 429])
    expect(bench.send('a', '/now')).toBe(429)
    await bench.end(1)
    expect(bench.send('a', '/now')).toBe(200)
    expect([bench.send('a'), bench.send('a')]).toEqual([null, 429])
    await bench.end(100)
    expect([1, 2, 3, 4].map(() => bench.send('a'))).toEqual([null, null, null, 429])
  })

  it('are not counted while there are few, and not where there is no address', async () => {
    const bench = new Bench()
    for (let i = 0; i < 50; i++) {
      bench.send('a')
      bench.send('a', '/now')
      await bench.end(1)
    }
    expect(bench.asked).toBe(0)
    for (let i = 0; i < 50; i++) expect(bench.send('')).toBeNull()
  })

  it('follow a changed limit; 0 is none', () => {
    const bench = new Bench()
    bench.limit.set(1)
    expect([bench.send('a'), bench.send('a')]).toEqual([null, 429])
    bench.limit.set(0)
    for (let i = 0; i < 50; i++) expect(bench.send('a')).toBeNull()
  })
})
