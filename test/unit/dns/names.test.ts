import { describe, expect, it } from 'vitest'

import { hexToIp, ipFamily, ipToHex, reverseToIp } from '../../../src/dns/ip.ts'
import { isName } from '../../../src/dns/lookup.ts'
import { labelsInZone, parseTarget } from '../../../src/dns/names.ts'
import { isReverse } from '../../../src/dns/reverse.ts'
import { serviceTtl } from '../../../src/dns/service.ts'
import { rrType } from '../../../src/dns/types.ts'
import { defaults, questionPacket } from './catalog-view.ts'

const parse = (name: string, type: number = rrType.A): unknown => parseTarget(name.split('.'), type)

describe('isReverse', () => {
  it.each([
    ['1.0.0.127.in-addr.arpa', true],
    ['1.0.0.127.IN-ADDR.ARPA', true],
    ['8.b.d.0.1.0.0.2.ip6.arpa', true],
    ['arpa', true],
    ['web.service.consul', false],
    ['arpa.service.consul', false],
    ['xarpa', false],
  ])('%s: %s', (name, expected) => {
    expect(isReverse(questionPacket(name, 'PTR'))).toBe(expected)
  })

  it('reads any bytes to their end', () => {
    const cut = questionPacket('1.0.0.127.in-addr.arpa', 'PTR')
    for (let length = 0; length <= cut.length; length++) isReverse(cut.subarray(0, length))
    expect(isReverse(new Uint8Array(100).fill(63))).toBe(false)
    expect(isReverse(new Uint8Array(100).fill(255))).toBe(false)
  })
})

describe('parseTarget', () => {
  it.each([
    ['foo.node', { kind: 'node', labels: ['foo'], datacenter: '' }],
    ['a.b.node', { kind: 'node', labels: ['a', 'b'], datacenter: '' }],
    ['foo.node.dc2', { kind: 'node', labels: ['foo'], datacenter: 'dc2' }],
    ['foo.node.dc2.dc', { kind: 'node', labels: ['foo'], datacenter: 'dc2' }],
    ['foo.node.dc2.more', { kind: 'nothing' }],
    ['node', { kind: 'nothing' }],
    ['web.service', { kind: 'service', service: 'web', tag: '', datacenter: '', isConnect: false }],
    [
      'v1.2.web.service.dc2',
      { kind: 'service', service: 'web', tag: 'v1.2', datacenter: 'dc2', isConnect: false },
    ],
    ['_web._tcp.service', { kind: 'service', service: 'web', tag: '', datacenter: '', isConnect: false }],
    ['_web._udp.service', { kind: 'service', service: 'web', tag: 'udp', datacenter: '', isConnect: false }],
    ['node.service', { kind: 'service', service: 'node', tag: '', datacenter: '', isConnect: false }],
    ['service.node', { kind: 'node', labels: ['service'], datacenter: '' }],
    ['0a000001.addr', { kind: 'address', hex: '0a000001' }],
    ['x.0a000001.addr', { kind: 'nothing' }],
    ['web.connect', { kind: 'service', service: 'web', tag: '', datacenter: '', isConnect: true }],
    ['v1.web.connect.dc2', { kind: 'service', service: 'web', tag: '', datacenter: 'dc2', isConnect: true }],
    ['q.query', { kind: 'prepared', name: 'q', datacenter: '' }],
    ['geo.db.query.dc2', { kind: 'prepared', name: 'geo.db', datacenter: 'dc2' }],
    ['_geo._tcp.query', { kind: 'prepared', name: 'geo', datacenter: '' }],
    ['query', { kind: 'nothing' }],
    ['web.ingress', { kind: 'nothing' }],
    ['web.virtual', { kind: 'nothing' }],
    ['web.api-gateway', { kind: 'nothing' }],
    ['web.service.peer1.peer', { kind: 'nothing' }],
    ['anything', { kind: 'nothing' }],
  ])('%s', (name, target) => {
    expect(parse(name)).toEqual(target)
  })

  it('takes `_service._tag` without a kind for SRV alone', () => {
    expect(parse('_web._tcp', rrType.SRV)).toEqual({
      kind: 'service',
      service: 'web',
      tag: '',
      datacenter: '',
      isConnect: false,
    })
    expect(parse('_web._tcp.dc2', rrType.SRV)).toMatchObject({ service: 'web', datacenter: 'dc2' })
    expect(parse('_web._tcp')).toEqual({ kind: 'nothing' })
  })
})

describe('labelsInZone', () => {
  it('takes the zone off, or says that the name is elsewhere', () => {
    expect(labelsInZone(['a', 'consul'], ['consul'])).toEqual(['a'])
    expect(labelsInZone(['consul'], ['consul'])).toEqual([])
    expect(labelsInZone(['a', 'xconsul'], ['consul'])).toBeUndefined()
    expect(labelsInZone(['example'], ['sd', 'example'])).toBeUndefined()
  })
})

describe('addresses', () => {
  it.each([
    ['10.0.0.1', 4],
    ['255.255.255.255', 4],
    ['256.0.0.1', 0],
    ['10.0.0', 0],
    ['10.0.0.1.', 0],
    ['10.0.0.01', 0],
    ['', 0],
    ['host', 0],
    ['fd00::1', 6],
    ['fe80::1%eth0', 0],
    ['::ffff:10.0.0.1', 6],
  ])('%s is of family %d', (text, family) => {
    expect(ipFamily(text)).toBe(family)
  })

  it('go to hexadecimal and back', () => {
    for (const ip of ['10.0.0.1', '255.1.2.3', 'fd00::1', '2001:db8::']) expect(hexToIp(ipToHex(ip))).toBe(ip)
    expect(hexToIp('0a0000')).toBeUndefined()
    expect(hexToIp('zz000001')).toBeNull()
  })

  it('are read from reverse names of one address', () => {
    expect(reverseToIp('1.0.0.10.in-addr.arpa'.split('.'))).toBe('10.0.0.1')
    const zeros = '0.'.repeat(24)
    expect(reverseToIp(`1.0.0.0.${zeros}0.0.d.f.ip6.arpa`.split('.'))).toBe('fd00::1')
    for (const name of [
      '0.10.in-addr.arpa',
      'x.0.0.10.in-addr.arpa',
      '1.0.0.300.in-addr.arpa',
      'in-addr.arpa',
      'g.ip6.arpa',
    ])
      expect(reverseToIp(name.split('.'))).toBeUndefined()
  })
})

describe('isName', () => {
  it.each([
    ['a.b', true],
    ['', false],
    ['a..b', false],
    ['a.', false],
    ['x'.repeat(63), true],
    ['x'.repeat(64), false],
    [`${'x'.repeat(50)}.`.repeat(5) + 'x'.repeat(3), false],
  ])('%s', (name, is) => {
    expect(isName(name)).toBe(is)
  })
})

describe('service_ttl', () => {
  it('takes the exact name, else the longest pattern', () => {
    const config = { ...defaults, serviceTtlSeconds: { web: 1, 'we*': 2, 'w*': 3, '*': 4 } }
    expect(['web', 'webs', 'wall', 'api'].map((name) => serviceTtl(config, name))).toEqual([1, 2, 3, 4])
    expect(serviceTtl(defaults, 'web')).toBe(0)
  })
})
