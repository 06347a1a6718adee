import { expect, test } from 'vitest'
import { load, loaded, machine, onInterface, usual } from './machine.ts'

const server = ['-server', '-data-dir', '/d']

function withAddresses(...addresses: readonly (readonly [string, string])[]): ReturnType<typeof machine> {
  return machine({}, [
    onInterface('lo', '127.0.0.1', 8),
    ...addresses.map(([name, ip]) => onInterface(name, ip)),
  ])
}

test('no bind address: every address is bound, the one private one is advertised', async () => {
  const config = await loaded(server)
  expect(config.bind).toEqual({
    serfLan: { ip: '0.0.0.0', port: 8301 },
    serfWan: { ip: '0.0.0.0', port: 8302 },
    rpc: { ip: '0.0.0.0', port: 8300 },
  })
  expect(config.advertise).toEqual({ lan: '10.0.0.5', wan: '10.0.0.5' })
})

test('several private addresses: says which, where, and what to do', async () => {
  const host = withAddresses(['eth0', '10.0.0.5'], ['docker0', '172.17.0.1'])
  expect(await load(server, host)).toEqual([
    ' | Multiple private IPv4 addresses found, so the one to tell other agents is unclear: 10.0.0.5 on eth0, ' +
      '172.17.0.1 on docker0; choose one with -bind or -advertise (bind_addr, advertise_addr)',
  ])
})

test('with -advertise there is nothing to choose', async () => {
  const host = withAddresses(['eth0', '10.0.0.5'], ['docker0', '172.17.0.1'])
  const config = await loaded([...server, '-advertise', '10.0.0.5'], host)
  expect([config.bind.rpc.ip, config.advertise]).toEqual(['0.0.0.0', { lan: '10.0.0.5', wan: '10.0.0.5' }])
})

test('no private address: says what there is', async () => {
  expect(await load(server, withAddresses(['eth0', '8.8.4.4']))).toEqual([
    ' | No private IPv4 address found to tell other agents; the machine has 8.8.4.4 on eth0; ' +
      'choose one with -bind or -advertise (bind_addr, advertise_addr)',
  ])
})

test.each([['100.64.0.5'], ['169.254.3.4'], ['172.31.0.1'], ['192.168.1.1']])('%s is private', async (ip) => {
  expect((await loaded(server, withAddresses(['eth0', ip]))).advertise.lan).toBe(ip)
})

test('a machine without any network serves itself', async () => {
  expect((await loaded(server, withAddresses())).advertise.lan).toBe('127.0.0.1')
})

test.each([['::'], ['[::]']])('-bind %s advertises the one public IPv6 address', async (bind) => {
  const host = withAddresses(['eth0', '10.0.0.5'], ['eth0', 'fd00::5'], ['eth0', '2600:db8::5'])
  const config = await loaded([...server, '-bind', bind], host)
  expect([config.bind.serfLan.ip, config.advertise.lan]).toEqual(['::', '2600:db8::5'])
  expect(config.taggedAddresses).toEqual({
    lan: '2600:db8::5',
    wan: '2600:db8::5',
    lan_ipv6: '2600:db8::5',
    wan_ipv6: '2600:db8::5',
  })
})

test('-bind :: with no public IPv6 address', async () => {
  expect(await load([...server, '-bind=::'])).toEqual([
    expect.stringMatching(/^flag -bind \| No public IPv6 address found/),
  ])
})

test('a template names the address', async () => {
  const host = withAddresses(['eth0', '10.0.0.5'], ['eth1', '172.20.20.10'])
  expect((await loaded([...server, '-bind', '{{ GetInterfaceIP "eth1" }}'], host)).bind.rpc.ip).toBe(
    '172.20.20.10',
  )
})

test.each([
  ['{{ GetInterfaceIP "zz" }}', /bind_addr must be one IP address, but .* gives none$/],
  ['{{ GetPrivateIPs }}', /bind_addr must be one IP address, but .* gives 10\.0\.0\.5 and 172\.20\.20\.10$/],
  ['{{ Foo }}', /Cannot expand "\{\{ Foo \}\}" for bind_addr: "Foo" is not a function/],
  ['eth0', /bind_addr must be an IP address or a template such as \{\{ GetPrivateIP \}\}, not "eth0"$/],
  ['10.0.0', /must be an IP address/],
  ['10.0.0.5:99', /must be an IP address/],
])('-bind %s is refused', async (bind, message) => {
  const host = withAddresses(['eth0', '10.0.0.5'], ['eth1', '172.20.20.10'])
  expect(await load([...server, '-advertise=10.0.0.5', '-bind', bind], host)).toEqual([
    expect.stringMatching(message),
  ])
})

test.each([['0.0.0.0'], ['::'], ['[::]']])('-advertise %s is refused', async (ip) => {
  expect(await load([...server, '-advertise', ip])).toEqual([
    expect.stringMatching(
      /^flag -advertise \| advertise_addr cannot be .*: other agents need the one address/,
    ),
  ])
})

test('addresses of clients: several, unix sockets, permissions', async () => {
  const host = machine({
    '/c.json': '{"addresses": {"http": "127.0.0.1 unix:///run/x.sock"}, "unix_sockets": {"mode": "0660"}}',
  })
  const config = await loaded([...server, '-client', '127.0.0.1 ::1', '-config-file', '/c.json'], host)
  expect(config.httpListen).toEqual([
    { ip: '127.0.0.1', port: 8500 },
    { unixPath: '/run/x.sock', mode: 0o660 },
  ])
  expect(config.dnsListen).toEqual([
    { ip: '127.0.0.1', port: 8600 },
    { ip: '::1', port: 8600 },
  ])
})

test('DNS cannot listen on a unix socket', async () => {
  const host = machine({ '/c.json': '{"addresses": {"dns": "unix:///run/x.sock"}}' })
  expect(await load([...server, '-config-file=/c.json'], host)).toEqual([
    '/c.json:1: addresses.dns | DNS cannot listen on a unix socket; give an IP address',
  ])
})

test('a port of -1 switches a listener off', async () => {
  const config = await loaded([...server, '-http-port=-1', '-dns-port', '0', '-serf-wan-port=-1'])
  expect([config.httpListen, config.dnsListen, config.bind.serfWan]).toEqual([[], [], null])
  expect(config.ports).toEqual({ dns: -1, http: -1, server: 8300, serfLan: 8301, serfWan: -1 })
})

test('two servers cannot share a socket', async () => {
  const args = [...server, '-bind=127.0.0.1', '-http-port=8300']
  expect(await load(args)).toEqual([' | RPC cannot use 127.0.0.1:8300: it is already configured for HTTP'])
})

test('own addresses for gossip and for other datacenters', async () => {
  const host = machine({}, [...usual, onInterface('eth1', '192.168.1.9')])
  const args = [...server, '-bind=10.0.0.5', '-serf-wan-bind=192.168.1.9', '-advertise-wan=8.8.4.4']
  const config = await loaded(args, host)
  expect(config.bind.serfWan).toEqual({ ip: '192.168.1.9', port: 8302 })
  expect(config.taggedAddresses).toEqual({
    lan: '10.0.0.5',
    lan_ipv4: '10.0.0.5',
    wan: '8.8.4.4',
    wan_ipv4: '8.8.4.4',
  })
})
