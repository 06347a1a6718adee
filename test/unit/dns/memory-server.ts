// The DNS server over a network in memory: its streams alone, datagrams go nowhere.
import type { Answerer } from '../../../src/dns/answer.ts'
import { type DnsServer, serveDns } from '../../../src/dns/server.ts'
import type { TcpConnection } from '../../../src/runtime/host.ts'
import { FakeNet } from '../rpc/fake-net.ts'

const at = { ip: '10.0.0.2', port: 8600 }

/** Serves answers in a network of its own. */
export async function inMemory(
  answerer: Answerer,
): Promise<{ readonly net: FakeNet; readonly server: DnsServer }> {
  const net = new FakeNet()
  const socket = {
    local: at,
    send: () => {},
    stopSharing: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
  const udp = { bind: () => Promise.resolve(socket) }
  return { net, server: await serveDns({ ...net.host(at.ip), udp }, [at], answerer) }
}

/** A client's connection to it. */
export async function connected(net: FakeNet): Promise<TcpConnection> {
  const connecting = net.tcp('10.0.0.9').connect(at, { timeoutMs: 1000 })
  await net.run(5)
  return connecting
}
