// The host on Bun: the base host, with the parts replaced that Bun's own interfaces do measurably better.

import { bunApi } from './bun/api.ts'
import { fetchHttp, serveHttp } from './bun/http.ts'
import { bunTcp } from './bun/tcp.ts'
import { bunUdp } from './bun/udp.ts'
import type { Host } from './host.ts'
import { nodeHost } from './node.ts'

/** Makes the host of this process on Bun. */
export function bunHost(): Host {
  const base = nodeHost()
  return {
    ...base,
    runtime: 'bun',
    udp: bunUdp(),
    tcp: bunTcp(base.tcp),
    http: { serve: serveHttp, fetch: fetchHttp },
    system: { ...base.system, compactMemory },
  }
}

function compactMemory(): void {
  bunApi().gc(true)
  bunApi().shrink()
}
