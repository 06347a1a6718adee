import { expect, it } from 'vitest'

import { type Rr, rrType } from '../../../src/dns/types.ts'
import { PacketWriter } from '../../../src/dns/writer.ts'
import { decode, questionPacket } from './catalog-view.ts'

const question = questionPacket('web.service.consul', 'SRV').subarray(12)
const srv = (target: string): Rr => ({
  type: rrType.SRV,
  name: 'web.service.consul',
  ttl: 1,
  weight: 2,
  port: 3,
  target,
})
const a = (name: string): Rr => ({ type: rrType.A, name, ttl: 1, ip: '10.0.0.1' })

it('never points into a record that was taken back', () => {
  const writer = new PacketWriter(110, true)
  writer.question(question, 'web.service.consul')
  expect(writer.record(srv(`${'x'.repeat(60)}.node.dc1.consul`), 0)).toBe(false)
  expect(writer.record(a('n1.node.dc1.consul'), 0)).toBe(true)
  expect(writer.record(a('n2.node.dc1.consul'), 0)).toBe(true)
  const packet = decode(writer.finish([1, 0x8000, 1, 2, 0, 0]))
  expect(packet.answers?.map(({ name }) => name)).toEqual(['n1.node.dc1.consul', 'n2.node.dc1.consul'])
})

it('points to the target of an SRV record but does not shorten it', () => {
  const writer = new PacketWriter(512, true)
  writer.question(question, 'web.service.consul')
  writer.record(srv('n1.node.dc1.consul'), 0)
  const before = writer.finish([1, 0x8000, 1, 1, 0, 0]).length
  expect(new TextDecoder('latin1').decode(writer.finish([1, 0x8000, 1, 1, 0, 0]))).toContain(
    '\u0002n1\u0004node\u0003dc1\u0006consul\0',
  )
  writer.record(a('n1.node.dc1.consul'), 0)
  expect(writer.finish([1, 0x8000, 1, 2, 0, 0]).length - before).toBe(16)
})

it('writes texts of more than 255 bytes in several strings, and empty ones', () => {
  const writer = new PacketWriter(2000, true)
  writer.question(question, 'web.service.consul')
  for (const text of ['é'.repeat(300), '']) writer.record({ type: rrType.TXT, name: '', ttl: 0, text }, 0)
  const texts = decode(writer.finish([1, 0x8000, 1, 2, 0, 0])).answers?.map((each) =>
    each.type === 'TXT' ? Buffer.concat([each.data].flat().map((part) => Buffer.from(part))).toString() : '',
  )
  expect(texts).toEqual(['é'.repeat(300), ''])
})
