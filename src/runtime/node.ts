// The complete host on node:* modules. It runs on Node, Bun and Deno; bun.ts and deno.ts replace what they do better.

import './node/listeners.ts'
import type { Host } from './host.ts'
import { nodeClock } from './node/clock.ts'
import { nodeFiles } from './node/files.ts'
import { nodeFetch } from './node/http-client.ts'
import { nodeHttp2 } from './node/http2-client.ts'
import { serveHttp } from './node/http-server.ts'
import { nodeProcesses } from './node/processes.ts'
import { nodeConsole, nodeEntropy, nodeNames, nodeSignals, nodeSystem, trueRuntime } from './node/system.ts'
import { nodeTcp } from './node/tcp.ts'
import { nodeTls } from './node/tls.ts'
import { nodeUdp } from './node/udp.ts'

/** Makes the host of this process. `runtime` is the true one, also where this base host runs on another. */
export function nodeHost(): Host {
  return {
    runtime: trueRuntime(),
    clock: nodeClock(),
    entropy: nodeEntropy(),
    udp: nodeUdp(),
    // Neither node:dgram nor Deno's sockets know them.
    unixDatagrams: null,
    tcp: nodeTcp(),
    tls: nodeTls(),
    http: { serve: serveHttp, fetch: nodeFetch() },
    http2: nodeHttp2(),
    files: nodeFiles(),
    processes: nodeProcesses(),
    signals: nodeSignals(),
    names: nodeNames(),
    system: nodeSystem(),
    console: nodeConsole(),
  }
}
