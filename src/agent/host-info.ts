// The machine that the agent runs on (`/v1/agent/host`), from the files in which Linux tells of itself; proc(5).
import type { Json, JsonObject } from '../model/catalog.ts'
import type { Host } from '../runtime/host.ts'
import { describe } from './identity.ts'

/** Collects it. What could not be read is named in `Errors`; the rest is there all the same. */
export async function hostInfo(host: Host, dataDir: string | null): Promise<JsonObject> {
  const errors: string[] = []
  const part = async (name: string, collect: () => Promise<Json>): Promise<Json> => {
    try {
      return await collect()
    } catch (error) {
      errors.push(`${name}: ${describe(error)}`)
      return null
    }
  }
  const result = {
    Memory: await part('memory', () => memory(host)),
    CPU: await part('cpu', () => processors(host)),
    Host: await part('host', () => machine(host)),
    Disk: await part('disk', () => disk(host, dataDir ?? '/')),
  }
  // Nanoseconds past 2^53 are not told apart; the reference prints them all.
  return {
    ...result,
    CollectionTime: host.clock.wallMs() * 1e6,
    Errors: errors.length === 0 ? null : errors,
  }
}

async function textOf(host: Host, path: string): Promise<string> {
  return new TextDecoder().decode(await host.files.read(path))
}

/** The first line of a file, or '' if there is none. */
async function lineOf(host: Host, path: string): Promise<string> {
  const text = await textOf(host, path).catch(() => '')
  return text.split('\n')[0]?.trim() ?? ''
}

/** Names of the reference for the lines of /proc/meminfo. */
const memoryNames: readonly (readonly [name: string, line: string])[] = [
  ['free', 'MemFree'],
  ['active', 'Active'],
  ['inactive', 'Inactive'],
  ['buffers', 'Buffers'],
  ['cached', 'Cached'],
  ['writeback', 'Writeback'],
  ['dirty', 'Dirty'],
  ['writebacktmp', 'WritebackTmp'],
  ['shared', 'Shmem'],
  ['slab', 'Slab'],
  ['sreclaimable', 'SReclaimable'],
  ['sunreclaim', 'SUnreclaim'],
  ['pagetables', 'PageTables'],
  ['swapcached', 'SwapCached'],
  ['commitlimit', 'CommitLimit'],
  ['committedas', 'Committed_AS'],
  ['swaptotal', 'SwapTotal'],
  ['swapfree', 'SwapFree'],
  ['mapped', 'Mapped'],
  ['vmalloctotal', 'VmallocTotal'],
  ['vmallocused', 'VmallocUsed'],
  ['vmallocchunk', 'VmallocChunk'],
  ['hugepagestotal', 'HugePages_Total'],
  ['hugepagesfree', 'HugePages_Free'],
  ['hugepagesize', 'Hugepagesize'],
]

async function memory(host: Host): Promise<Json> {
  const byLine = new Map<string, number>()
  for (const [, name = '', value, unit] of (await textOf(host, '/proc/meminfo')).matchAll(
    /^([^:\n]+):\s+(\d+)(?: (kB))?$/gm,
  )) {
    byLine.set(name, Number(value) * (unit === undefined ? 1 : 1024))
  }
  const of = (name: string): number => byLine.get(name) ?? 0
  const total = of('MemTotal')
  const cached = of('Cached') + of('SReclaimable')
  const used = total - of('MemFree') - of('Buffers') - cached
  return {
    total,
    available: of('MemAvailable'),
    used,
    usedPercent: percent(used, total),
    ...Object.fromEntries(memoryNames.map(([name, line]) => [name, of(line)])),
    cached,
  }
}

async function processors(host: Host): Promise<Json> {
  const blocks = (await textOf(host, '/proc/cpuinfo')).split(/\n\n+/).filter((block) => block.trim() !== '')
  return blocks.map((block) => {
    const byName = new Map<string, string>()
    for (const [, name = '', value = ''] of block.matchAll(/^([^:\n]+?)\s*:[ \t]*(.*)$/gm))
      byName.set(name, value)
    const text = (name: string): string => byName.get(name) ?? ''
    const number = (name: string): number => Number.parseFloat(text(name)) || 0
    return {
      cpu: number('processor'),
      vendorId: text('vendor_id'),
      family: text('cpu family'),
      model: text('model'),
      stepping: number('stepping'),
      physicalId: text('physical id'),
      coreId: text('core id'),
      cores: 1,
      modelName: text('model name'),
      mhz: number('cpu MHz'),
      cacheSize: number('cache size'),
      flags: text('flags').split(' ').filter(Boolean),
      microcode: text('microcode'),
    }
  })
}

async function machine(host: Host): Promise<Json> {
  const [uptime, stat, release, processes] = await Promise.all([
    lineOf(host, '/proc/uptime'),
    textOf(host, '/proc/stat'),
    textOf(host, '/etc/os-release').catch(() => ''),
    host.files.list('/proc'),
  ])
  const kernel = await lineOf(host, '/proc/sys/kernel/osrelease')
  const productId = await lineOf(host, '/sys/class/dmi/id/product_uuid')
  const distribution = (name: string): string =>
    new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1] ?? ''
  return {
    hostname: host.system.hostname(),
    uptime: Math.floor(Number.parseFloat(uptime) || 0),
    bootTime: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0),
    procs: processes.filter((name) => /^\d+$/.test(name)).length,
    os: host.system.os,
    platform: distribution('ID'),
    platformFamily: distribution('ID_LIKE').split(' ')[0] || distribution('ID'),
    platformVersion: distribution('VERSION_ID'),
    kernelVersion: kernel,
    kernelArch:
      host.system.arch === 'amd64' ? 'x86_64' : host.system.arch === 'arm64' ? 'aarch64' : host.system.arch,
    virtualizationSystem: '',
    virtualizationRole: '',
    hostid: (productId === '' ? await lineOf(host, '/etc/machine-id') : productId).toLowerCase(),
  }
}

async function disk(host: Host, path: string): Promise<Json> {
  const { totalBytes, freeBytes, availableBytes, inodesTotal, inodesFree } = await host.files.space(path)
  const used = totalBytes - freeBytes
  return {
    path,
    fstype: '',
    total: totalBytes,
    free: availableBytes,
    used,
    usedPercent: percent(used, used + availableBytes),
    inodesTotal,
    inodesUsed: inodesTotal - inodesFree,
    inodesFree,
    inodesUsedPercent: percent(inodesTotal - inodesFree, inodesTotal),
  }
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (part / whole) * 100
}
