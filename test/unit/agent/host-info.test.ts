import { expect, it } from 'vitest'
import { hostInfo } from '../../../src/agent/host-info.ts'
import type { Host } from '../../../src/runtime/host.ts'
import { nodeHost } from '../../../src/runtime/node.ts'

const texts: Readonly<Record<string, string>> = {
  '/proc/meminfo':
    'MemTotal:       1000 kB\nMemFree:         400 kB\nMemAvailable:    700 kB\nBuffers:          50 kB\nCached:          200 kB\nSReclaimable:     50 kB\nHugePages_Total:       3\n',
  '/proc/cpuinfo':
    'processor\t: 0\nvendor_id\t: V\nmodel name\t: M 1\ncpu MHz\t\t: 2300.5\ncache size\t: 1024 KB\nflags\t\t: fpu vme\n\nprocessor\t: 1\nflags\t\t: fpu\n',
  '/proc/uptime': '123.45 99.9\n',
  '/proc/stat': 'cpu 1 2\nbtime 1700000000\n',
  '/etc/os-release': 'ID=debian\nVERSION_ID="12"\n',
  '/proc/sys/kernel/osrelease': '6.1.0\n',
  '/etc/machine-id': 'ABC\n',
}

/** A machine that tells of itself in these files. */
function machine(files: Readonly<Record<string, string>>): Host {
  const base = nodeHost()
  return {
    ...base,
    files: {
      ...base.files,
      read: (path) => {
        const text = files[path]
        return text === undefined
          ? Promise.reject(new Error(`no ${path}`))
          : Promise.resolve(new TextEncoder().encode(text))
      },
      list: () => Promise.resolve(['1', '22', 'self']),
      space: () =>
        Promise.resolve({
          totalBytes: 100,
          freeBytes: 60,
          availableBytes: 40,
          inodesTotal: 10,
          inodesFree: 5,
        }),
    },
  }
}

it('tells of memory, processors, system and disk in the reference’s names', async () => {
  expect(await hostInfo(machine(texts), '/data')).toMatchObject({
    Memory: {
      total: 1_024_000,
      available: 716_800,
      used: 307_200,
      usedPercent: 30,
      cached: 256_000,
      hugepagestotal: 3,
    },
    CPU: [
      { cpu: 0, vendorId: 'V', modelName: 'M 1', mhz: 2300.5, cacheSize: 1024, flags: ['fpu', 'vme'] },
      { cpu: 1, flags: ['fpu'] },
    ],
    Host: {
      uptime: 123,
      bootTime: 1_700_000_000,
      procs: 2,
      platform: 'debian',
      platformFamily: 'debian',
      platformVersion: '12',
      kernelVersion: '6.1.0',
      hostid: 'abc',
    },
    Disk: {
      path: '/data',
      total: 100,
      free: 40,
      used: 40,
      usedPercent: 50,
      inodesUsed: 5,
      inodesUsedPercent: 50,
    },
    Errors: null,
  })
})

it('names what cannot be read, and tells the rest', async () => {
  const { '/proc/meminfo': _, ...others } = texts
  const info = await hostInfo(machine(others), null)
  expect(info).toMatchObject({ Memory: null, Disk: { path: '/' }, Errors: ['memory: no /proc/meminfo'] })
})
