import { describe, expect, it } from 'vitest'
import { encodedEventSize } from '../../../src/gossip/event-limit.ts'

interface Given {
  readonly name: string
  readonly payload: number
  readonly filters?: readonly [node: string, service: string, tag: string]
}

function sizes({ name, payload, filters = ['', '', ''] }: Given): { before: number; after: number } {
  const [nodeFilter, serviceFilter, tagFilter] = filters
  const id = '00000000-0000-4000-8000-000000000001'
  const event = {
    id,
    name,
    payload: new Uint8Array(payload),
    nodeFilter,
    serviceFilter,
    tagFilter,
    version: 1,
  }
  return encodedEventSize(event, 50)
}

// The largest payloads that Consul 1.8.7 takes: before its envelope and with it.
describe('the size of an event in the reference', () => {
  it.each([
    [{ name: 'e' }, 414, 444],
    [{ name: 'ee' }, 412, 442],
    [{ name: 'e'.repeat(10) }, 396, 426],
    [{ name: 'n'.repeat(100) }, 214, 246],
    [{ name: 'e', filters: ['n', '', ''] }, 409, 439],
    [{ name: 'e', filters: ['nn', 'ss', ''] }, 402, 432],
    [{ name: 'e', filters: ['nn', 'ss', 't'] }, 397, 427],
  ] as const)('%j with %i bytes fits, with %i before the envelope', (given, after, before) => {
    expect(sizes({ ...given, payload: after }).after).toBe(512)
    expect(sizes({ ...given, payload: before }).before).toBe(512)
  })
})
