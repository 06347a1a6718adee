// The machine, this process, its signals, its terminal, and name lookup.

import * as fs from 'node:fs'
import * as os from 'node:os'

import type { Console, Entropy, Host, Names, NetworkInterface, SignalName, Signals, System } from '../host.ts'
import { hostError } from './errors.ts'
import { profile } from './profile.ts'

/** Which of the runtimes this is, whatever the adapter. */
export function trueRuntime(): Host['runtime'] {
  if (process.versions['bun'] !== undefined) return 'bun'
  return process.versions['deno'] === undefined ? 'node' : 'deno'
}

/** Secure bytes from WebCrypto, which fills at most 64 KiB in one call. */
export function nodeEntropy(): Entropy {
  return {
    bytes(size) {
      const bytes = new Uint8Array(size)
      for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536))
      return bytes
    },
  }
}

/**
 * Signals of this process. As process 1 of a container the kernel drops every signal that has no handler, so the
 * two that end a program get one from the start.
 */
export function nodeSignals(): Signals {
  if (process.pid === 1) {
    for (const [signal, status] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      process.on(signal, () => {
        if (process.listenerCount(signal) === 1) process.exit(status)
      })
    }
  }
  return {
    on(signal: SignalName, handler: () => void) {
      const listener = (): void => handler()
      process.on(signal, listener)
      return () => void process.off(signal, listener)
    },
  }
}

/** Codes of the resolver for "there is no such name". */
const unknownNameCodes: ReadonlySet<string> = new Set([
  'ENOTFOUND',
  'ENODATA',
  'EAI_NONAME',
  'EAI_NODATA',
  'DNS_ENOTFOUND',
])

/** The system's resolver: hosts file first, as its configuration says. */
export function nodeNames(): Names {
  return {
    async lookup(name) {
      const { promises } = await import('node:dns')
      try {
        const found = await promises.lookup(name, { all: true, verbatim: true })
        return [...new Set(found.map((entry) => entry.address))]
      } catch (error) {
        const failure = hostError(`look up the name ${name}`, error)
        if (unknownNameCodes.has(failure.code)) return []
        throw failure
      }
    },
  }
}

const osNames: Readonly<Record<string, string>> = { win32: 'windows' }
const archNames: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', ppc64: 'ppc64le' }

/** Facts of the machine and the process. */
export function nodeSystem(): System {
  return {
    hostname: () => os.hostname(),
    interfaces,
    pid: process.pid,
    args: process.argv.slice(2),
    programName: programName(),
    env: process.env,
    cwd: process.cwd(),
    os: osNames[process.platform] ?? process.platform,
    arch: archNames[process.arch] ?? process.arch,
    cpuCount: os.availableParallelism(),
    runtimeVersion: process.versions['bun'] ?? process.versions['deno'] ?? process.versions.node,
    usage,
    profile,
    settled() {
      // Node and Deno have nothing to be told.
    },
    rested() {
      // They collect by themselves, and cannot be asked to.
    },
    exit: (code) => process.exit(code),
  }
}

/** The last path element of the name we were called by: a compiled program's own, else the script's. */
function programName(): string {
  const script = process.argv[1]
  const called = script === undefined || script.startsWith('/$bunfs/') ? process.argv0 : script
  return called.slice(called.lastIndexOf('/') + 1)
}

function interfaces(): readonly NetworkInterface[] {
  const found: NetworkInterface[] = []
  for (const [name, entries] of Object.entries(os.networkInterfaces())) {
    for (const entry of entries ?? []) {
      const zone = entry.address.indexOf('%')
      found.push({
        name,
        ip: zone < 0 ? entry.address : entry.address.slice(0, zone),
        family: entry.family === 'IPv6' ? 6 : 4,
        netmask: entry.netmask,
        isLoopback: entry.internal,
        ...(entry.family === 'IPv6' ? { scopeId: entry.scopeid ?? 0 } : {}),
      })
    }
  }
  return found
}

function usage(): { residentBytes: number; heapBytes: number; cpuMicros: number } {
  const { user, system } = process.cpuUsage()
  return {
    residentBytes: process.memoryUsage.rss(),
    heapBytes: process.memoryUsage().heapUsed,
    cpuMicros: user + system,
  }
}

/**
 * Standard input and output by descriptor: no stream objects to set up, and nothing is lost when the process
 * exits right after. A reader that stalls holds the program up, as it does any program that writes to a pipe.
 */
export function nodeConsole(): Console {
  return {
    out: (text) => writeAll(1, text),
    err: (text) => writeAll(2, text),
    async readStdin() {
      const parts: Uint8Array[] = []
      for await (const part of process.stdin) parts.push(part as Uint8Array)
      return new Uint8Array(Buffer.concat(parts))
    },
    get isTerminal() {
      // The stream object takes 10 ms to set up on Bun: only where there may be a terminal.
      return fs.fstatSync(1).isCharacterDevice() && process.stdout.isTTY === true
    },
  }
}

function writeAll(fd: number, text: string | Uint8Array): void {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text
  let size = 0
  while (size < bytes.length) {
    try {
      size += fs.writeSync(fd, bytes, size, bytes.length - size)
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') return
      // The pipe is full and someone made it non-blocking: look again in a millisecond.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    }
  }
}
