import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../../../src/codec/cbor.ts'
import { decodeCommand, encodeCommand } from '../../../src/codec/command-codec.ts'
import type { Command, RegisterCommand } from '../../../src/model/command.ts'
import { check, node, register, service, set } from '../state/fixtures.ts'

const full = register(
  node('n1', { id: 'id-1', meta: { a: 'ü', b: '' }, taggedAddresses: { lan: '10.0.0.1', wan: '1.2.3.4' } }),
  {
    service: service('web', {
      tags: ['a', ''],
      taggedAddresses: { wan: { address: '1.2.3.4', port: 65_535 } },
      meta: { version: '1', empty: '' },
      weights: { passing: 10, warning: 0 },
      enableTagOverride: true,
      proxy: { Config: { list: [1.5, null, 'x'] } },
      connect: {},
    }),
    checks: [
      check('c', 'warning', {
        output: 'x'.repeat(5000),
        definition: { Interval: '10s' },
        serviceTags: ['t'],
      }),
      check('d', 'critical', { serviceId: 'web' }),
    ],
    skipNodeUpdate: true,
  },
)

describe('a registration', () => {
  it.each<readonly [string, RegisterCommand]>([
    ['of everything', full],
    ['of a node alone', register(node('n1'))],
    ['with numbers that are no naturals', register(node('n1'), { service: service('w', { port: -1.5 }) })],
    ['with a name of more than ASCII', register(node('nöde\ufeff'), { checks: [check('ü', 'passing')] })],
  ])('comes back as it was: %s', (_, command) => {
    expect(decodeCommand(encodeCommand(command))).toEqual({ ok: true, value: { command, wallMs: 0 } })
  })

  it('comes back as it was in a batch with others', () => {
    const odd = register(node('n2'), { service: service('w', { port: -1.5 }) })
    const command: Command = {
      kind: 'batch',
      commands: [full, set('k', 'v'), odd, { kind: 'deregister', node: 'n', serviceId: '', checkId: '' }],
    }
    const bytes = encodeCommand(command)
    expect(decodeCommand(bytes)).toEqual({ ok: true, value: { command, wallMs: 0 } })
    for (let end = 0; end < bytes.length; end += 7) expect(decodeCommand(bytes.slice(0, end)).ok).toBe(false)
    expect(decodeCommand(Uint8Array.from([...bytes, 0])).ok).toBe(false)
  })

  it('is refused when it is cut anywhere, or longer than it should be', () => {
    const bytes = encodeCommand(full)
    for (let end = 0; end < bytes.length; end++) expect(decodeCommand(bytes.slice(0, end)).ok).toBe(false)
    expect(decodeCommand(Uint8Array.from([...bytes, 0])).ok).toBe(false)
  })

  it.each([
    ['more items than there are bytes', [0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
    ['bits that mean nothing', [4]],
  ])('is refused with %s', (_, body) => {
    expect(decodeCommand(Uint8Array.from([3, 0, 0, 0, 0, 0, 0, 0, 0, ...body])).ok).toBe(false)
  })

  it('is still read from CBOR, as the log holds it from before', () => {
    const command = register(node('n1'))
    const { node: info, checks, skipNodeUpdate } = command
    const body = encodeCbor([1, info, null, checks, skipNodeUpdate])
    const data = Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 0, 7, ...body])
    expect(decodeCommand(data)).toEqual({ ok: true, value: { command, wallMs: 7 } })
  })

  it('keeps none of the bytes alive that it was read from', () => {
    const data = encodeCommand(full)
    const read = decodeCommand(data)
    data.fill(0)
    expect(read).toEqual({ ok: true, value: { command: full, wallMs: 0 } })
  })
})
