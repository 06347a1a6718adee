// The host on Bun: the base host, with the parts replaced that Bun's own interfaces do measurably better.

import { bunApi } from './bun/api.ts'
import { bunFetch, serveHttp } from './bun/http.ts'
import { bunTcp } from './bun/tcp.ts'
import { bunUdp } from './bun/udp.ts'
import { releaseProgramPages } from './bun/resident-pages.ts'
import { openUnixDatagrams } from './bun/unix-datagrams.ts'
import type { Console, Host } from './host.ts'
import { nodeHost } from './node.ts'

/** Makes the host of this process on Bun. */
export function bunHost(): Host {
  const base = nodeHost()
  return {
    ...base,
    runtime: 'bun',
    // Processor time per round trip of 200 bytes: 5.9 µs, with node:dgram 7.6. Loads nothing, node:dgram 2 ms.
    udp: bunUdp(base.udp),
    // By the system's own library: only this runtime can call it without an addon.
    unixDatagrams: { open: openUnixDatagrams },
    // Per round trip of 300 bytes: 5.8 µs, with node:net 8.9; streams 1.1 to 1.5 GB/s, with node:net 0.5.
    // Loads nothing; node:net takes 11 ms and 1.3 MiB at start.
    tcp: bunTcp(base.tcp),
    // Per small request: 5.9 µs, with node:http 29. Loads nothing; node:http takes 19 ms and 2 MiB at start.
    http: { serve: serveHttp, fetch: bunFetch(base.http) },
    // The base host has no means for it.
    system: { ...base.system, settled, rested },
    console: bunConsole(base.console),
  }
}

/** Reads standard input in 0.4 ms; process.stdin takes 12 to set up. */
function bunConsole(base: Console): Console {
  return {
    out: (text) => base.out(text),
    err: (text) => base.err(text),
    readStdin: () => bunApi().stdin.bytes(),
    get isTerminal() {
      return base.isTerminal
    },
  }
}

/** A heap above this is left to the engine: collecting it all at once would be felt. */
const collectedBytesMax = 256 * 1024 * 1024

/** The engine keeps what a time of load has used; a collection of 100,000 keys takes some 30 ms. */
function rested(): void {
  if (process.memoryUsage().heapUsed <= collectedBytesMax) {
    bunApi().gc(true)
    bunApi().shrink()
  }
  // Where the system does not tell what is mapped, nothing is given back.
  void releaseProgramPages().catch(() => undefined)
}

/** The executable starts with a policy that compiles almost nothing (build/bundle.ts); 1 is the engine's own. */
function settled(): void {
  bunApi().unsafe.setJITPolicy(1)
}
