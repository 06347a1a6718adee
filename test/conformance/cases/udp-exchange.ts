// One datagram there and one back: what UDP health checks rely on.

import type { Host, UdpSocket } from '../../../src/runtime/host.ts'
import { type ConformanceCase, Skip, type World, equal, ok, pattern, rejectsWith } from '../harness.ts'

/** The questions about single exchanges. */
export function udpExchangeCases(host: Host, world: World): readonly ConformanceCase[] {
  const withServer = async (answers: boolean, use: (server: UdpSocket) => Promise<void>): Promise<void> => {
    // The simulator has no exchanges, nor children of the system.
    if (!world.hasProcesses) throw new Skip('no exchanges here')
    const server: UdpSocket = await host.udp.bind({ ip: world.ip, port: 0 }, (bytes, from) => {
      if (answers) server.send(new Uint8Array([...bytes, bytes.length]), from)
    })
    try {
      await use(server)
    } finally {
      await server.close()
    }
  }
  return [
    {
      name: 'udp exchange: the answer comes back',
      run: () =>
        withServer(true, async ({ local }) => {
          const answer = await host.udp.exchange(local, pattern(5), { timeoutMs: 2000 })
          equal(answer, new Uint8Array([...pattern(5), 5]))
        }),
    },
    {
      name: 'udp exchange: an empty datagram arrives',
      run: () =>
        withServer(true, async ({ local }) =>
          equal(await host.udp.exchange(local, new Uint8Array(), { timeoutMs: 2000 }), new Uint8Array([0])),
        ),
    },
    {
      name: 'udp exchange: silence is null after the time given',
      run: () =>
        withServer(false, async ({ local }) => {
          const fromMs = host.clock.nowMs()
          equal(await host.udp.exchange(local, pattern(5), { timeoutMs: 100 }), null)
          ok(host.clock.nowMs() - fromMs >= 99, 'it has waited')
        }),
    },
    {
      name: 'udp exchange: an abort ends the wait',
      run: () =>
        withServer(false, async ({ local }) => {
          const abort = new AbortController()
          const waiting = host.udp.exchange(local, pattern(5), { timeoutMs: 20_000, signal: abort.signal })
          abort.abort()
          equal(await waiting, null)
        }),
    },
    {
      name: 'udp exchange: a port where nobody listens is ECONNREFUSED',
      run: () =>
        withServer(true, async (server) => {
          // A UDP check of a dead port passes there.
          if (host.runtime === 'deno') throw new Skip('Deno does not tell of refused datagrams')
          await server.close()
          await rejectsWith('ECONNREFUSED', host.udp.exchange(server.local, pattern(5), { timeoutMs: 2000 }))
        }),
    },
  ]
}
