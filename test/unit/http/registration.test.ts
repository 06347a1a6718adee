// Bodies of registrations as commands.
import { describe, expect, test } from 'vitest'
import { decodeDeregistration, decodeRegistration } from '../../../src/http/registration.ts'

const register = (body: object | string): ReturnType<typeof decodeRegistration> =>
  decodeRegistration(typeof body === 'string' ? body : JSON.stringify(body), 'dc1')

describe('a registration', () => {
  test('is a command with everything filled in', () => {
    expect(register({ node: 'n', address: 'a', service: { service: 's' } })).toEqual({
      datacenter: 'dc1',
      command: {
        kind: 'register',
        node: { id: '', name: 'n', address: 'a', datacenter: 'dc1', taggedAddresses: {}, meta: {} },
        service: {
          id: 's',
          service: 's',
          kind: '',
          tags: [],
          address: '',
          port: 0,
          socketPath: '',
          taggedAddresses: {},
          meta: {},
          weights: { passing: 1, warning: 1 },
          enableTagOverride: false,
          proxy: null,
          connect: null,
        },
        checks: [],
        skipNodeUpdate: false,
      },
    })
  })

  test('names its datacenter', () => {
    expect(register({ Node: 'n', Address: 'a', Datacenter: 'dc2' })).toMatchObject({
      datacenter: 'dc2',
      command: { node: { datacenter: 'dc2' } },
    })
  })

  test('takes a single check behind the list of checks', () => {
    const { command } = register({
      Node: 'n',
      Address: 'a',
      Checks: [{ Name: 'x' }, null],
      Check: { Name: 'y' },
    })
    expect(command).toMatchObject({
      checks: [
        { checkId: 'x', status: 'critical', node: 'n' },
        { checkId: 'y', type: '' },
      ],
    })
  })

  test('refuses a status that no check can have', () => {
    expect(() => register({ Node: 'n', Address: 'a', Check: { Name: 'x', Status: 'bogus' } })).toThrow(
      'Bad request: Invalid check status: "bogus"; it must be passing, warning or critical',
    )
  })

  test.each(['0.0.0.0', '::'])('refuses the service address %s', (address) => {
    expect(() => register({ Node: 'n', Address: 'a', Service: { Service: 's', Address: address } })).toThrow(
      'Invalid service address',
    )
  })

  test('a proxy that says nothing equals none', () => {
    const { command } = register({
      Node: 'n',
      Address: 'a',
      Service: { Service: 's', Proxy: {}, Connect: {} },
    })
    expect(command).toMatchObject({ service: { proxy: null, connect: null } })
  })

  test('a proxy is kept in printing order, its own names accepted in both styles', () => {
    const { command } = register({
      Node: 'n',
      Address: 'a',
      Service: {
        Service: 's',
        Proxy: { upstreams: [{ local_bind_port: 3, destination_name: 'x' }], destination_service_name: 'd' },
      },
    })
    expect(JSON.stringify(command)).toContain(
      '"proxy":{"DestinationServiceName":"d","Upstreams":[{"DestinationType":"","DestinationName":"x",' +
        '"Datacenter":"","LocalBindPort":3,"Config":null,"MeshGateway":{}}],"MeshGateway":{},"Expose":{}}',
    )
  })
})

describe('hostile bodies', () => {
  test('a number past all range is refused wherever it stands', () => {
    expect(() =>
      register('{"Node":"n","Address":"a","Service":{"Service":"s","Proxy":{"Config":{"x":1e400}}}}'),
    ).toThrow('json: cannot unmarshal number into Go struct field')
  })

  test('a prototype cannot be set', () => {
    expect(() => register('{"Node":"n","Address":"a","NodeMeta":{"__proto__":"x"}}')).toThrow(
      'the key "__proto__" cannot be used',
    )
    expect(() => register('{"__proto__":{"Node":"n"},"Address":"a"}')).toThrow('unknown field "__proto__"')
  })

  test.each(['[', '{"Service":{"Proxy":{"Config":'])('deep nesting of %s is refused', (open) => {
    const close = open === '[' ? ']' : '}}}'
    expect(() => register(open.repeat(5000) + close.repeat(5000))).toThrow('Request decode failed')
  })
})

describe('a deregistration', () => {
  test('is a command', () => {
    expect(decodeDeregistration('{"Node":"n","CheckID":"c"}', 'dc1')).toEqual({
      datacenter: 'dc1',
      command: { kind: 'deregister', node: 'n', serviceId: '', checkId: 'c' },
    })
  })
})
