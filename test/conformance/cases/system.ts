// Time, entropy, signals, names and the machine.

import type { Host } from '../../../src/runtime/host.ts'
import { type ConformanceCase, Skip, type World, equal, ok, sleep, until, within } from '../harness.ts'

/** The questions about everything that is neither network, file nor child. */
export function systemCases(host: Host, world: World): readonly ConformanceCase[] {
  return [...time(host), ...entropy(host), ...outside(host, world), ...machine(host, world)]
}

function time(host: Host): readonly ConformanceCase[] {
  const { clock } = host
  return [
    {
      name: 'clock: milliseconds and microseconds are integers that never go back',
      async run() {
        let [ms, micros] = [clock.nowMs(), clock.nowMicros()]
        for (let i = 0; i < 2000; i++) {
          const [nextMs, nextMicros] = [clock.nowMs(), clock.nowMicros()]
          ok(nextMs >= ms && nextMicros >= micros, 'it never goes back')
          ok(Number.isInteger(nextMs) && Number.isInteger(nextMicros), 'both are integers')
          ;[ms, micros] = [nextMs, nextMicros]
        }
        ok(Math.abs(clock.nowMicros() / 1000 - clock.nowMs()) < 100, 'both have one origin')
        await sleep(host, 1)
      },
    },
    {
      name: 'clock: the wall clock is of this century',
      async run() {
        ok(clock.wallMs() > 946_684_800_000 && Number.isInteger(clock.wallMs()), 'after the year 2000')
        await sleep(host, 1)
      },
    },
    {
      name: 'clock: no wake-up comes early, and none much too late',
      async run() {
        for (let ms = 1; ms <= 40; ms += 3) {
          const atMs = clock.nowMs() + ms
          await new Promise<void>((resolve) => void clock.wakeAt(atMs, resolve))
          ok(clock.nowMs() >= atMs, `not early for ${ms}`)
          ok(clock.nowMs() < atMs + 1000, `not late for ${ms}`)
        }
      },
    },
    {
      name: 'clock: wake-ups come in the order of their times',
      async run() {
        const order: number[] = []
        const startMs = clock.nowMs()
        await Promise.all(
          [60, 20, 40].map(
            (ms) =>
              new Promise<void>((resolve) => {
                clock.wakeAt(startMs + ms, () => {
                  order.push(ms)
                  resolve()
                })
              }),
          ),
        )
        equal(order, [20, 40, 60])
      },
    },
    {
      name: 'clock: a time in the past wakes soon, but not in this turn',
      async run() {
        let isWoken = false
        clock.wakeAt(clock.nowMs() - 1000, () => (isWoken = true))
        equal(isWoken, false, 'woken in this turn')
        await until(host, 'it is woken', () => isWoken)
      },
    },
    {
      name: 'clock: a cancelled wake-up does not come',
      async run() {
        let count = 0
        const cancel = clock.wakeAt(clock.nowMs() + 20, () => void count++)
        cancel()
        cancel()
        await sleep(host, 60)
        equal(count, 0, 'wake-ups')
      },
    },
    {
      name: 'clock: a wake-up in 30 days does not come at once',
      async run() {
        let count = 0
        const cancel = clock.wakeAt(clock.nowMs() + 30 * 86_400_000, () => void count++)
        const never = clock.wakeAt(Infinity, () => void count++)
        await sleep(host, 60)
        cancel()
        never()
        equal(count, 0, 'wake-ups')
      },
    },
  ]
}

function entropy({ entropy: source }: Host): readonly ConformanceCase[] {
  return [
    {
      name: 'entropy: as many bytes as asked for, never the same',
      async run() {
        for (const size of [0, 1, 16, 100_000]) equal(source.bytes(size).length, size, 'size')
        ok(source.bytes(16).join() !== source.bytes(16).join(), 'two draws differ')
        await Promise.resolve()
      },
    },
  ]
}

function outside(host: Host, world: World): readonly ConformanceCase[] {
  return [
    {
      name: 'signals: a handler is called, and no more after its removal',
      async run() {
        if (!world.hasProcesses) throw new Skip('no signals here')
        let count = 0
        const keep = host.signals.on('SIGHUP', () => {})
        const off = host.signals.on('SIGHUP', () => void count++)
        const send = ['/bin/sh', '-c', `kill -HUP ${host.system.pid}`]
        await host.processes.run(send, {})
        await until(host, 'the handler was called', () => count === 1)
        off()
        await host.processes.run(send, {})
        await sleep(host, 50)
        keep()
        equal(count, 1, 'calls')
      },
    },
    {
      name: 'names: localhost is this machine',
      async run() {
        const found = await within(host, 5000, host.names.lookup('localhost'))
        ok(
          found.some((ip) => ip.startsWith('127.') || ip === '::1'),
          `addresses: ${found.join(', ')}`,
        )
      },
    },
    {
      name: 'names: a literal is itself',
      run: async () => equal(await host.names.lookup('192.0.2.33'), ['192.0.2.33']),
    },
  ]
}

function machine(host: Host, world: World): readonly ConformanceCase[] {
  const { system } = host
  return [
    {
      name: 'system: the loopback interface is listed',
      async run() {
        const loopback = system.interfaces().filter((entry) => entry.isLoopback)
        ok(loopback.length > 0, 'there is one')
        if (world.hasProcesses) {
          const found = loopback.find((entry) => entry.ip === '127.0.0.1')
          equal([found?.family, found?.netmask], [4, '255.0.0.0'])
        }
        ok(
          system.interfaces().every((entry) => !entry.ip.includes('%')),
          'no zones',
        )
        await sleep(host, 1)
      },
    },
    {
      name: 'system: facts are in the words of the reference',
      async run() {
        ok(['linux', 'darwin', 'windows', 'freebsd'].includes(system.os), system.os)
        ok(['amd64', 'arm64', '386', 'arm'].includes(system.arch), system.arch)
        ok(system.hostname() !== '' && system.cpuCount > 0 && system.pid > 0, 'name, processors, pid')
        ok(/^\d+\.\d+/.test(system.runtimeVersion), system.runtimeVersion)
        ok(system.cwd.startsWith('/') && system.programName !== '', system.programName)
        await sleep(host, 1)
      },
    },
    {
      name: 'system: use of memory and processor is told',
      async run() {
        const use = system.usage()
        ok(use.residentBytes > 0 && use.heapBytes > 0 && use.cpuMicros >= 0, JSON.stringify(use))
        await sleep(host, 1)
      },
    },
    {
      name: 'system: it can be told that the start is over, and a time of load',
      async run() {
        system.settled()
        system.rested()
        await sleep(host, 1)
        ok(system.usage().residentBytes > 0, 'the process is gone')
      },
    },
  ]
}
