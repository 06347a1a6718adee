// All questions about a host. The real hosts and the simulated one are asked the same.

import type { Host } from '../../src/runtime/host.ts'
import { fileCases } from './cases/files.ts'
import { httpClientCases } from './cases/http-client.ts'
import { httpConnectionCases } from './cases/http-connections.ts'
import { httpServerCases } from './cases/http-server.ts'
import { http2Cases } from './cases/http2.ts'
import { httpsCases } from './cases/https.ts'
import { processCases } from './cases/processes.ts'
import { systemCases } from './cases/system.ts'
import { tcpCases } from './cases/tcp.ts'
import { tlsConnectionCases } from './cases/tls-connections.ts'
import { tlsCases } from './cases/tls.ts'
import { udpExchangeCases } from './cases/udp-exchange.ts'
import { udpCases } from './cases/udp.ts'
import type { ConformanceCase, World } from './harness.ts'

/** The suite for one host. Cases share the world's directory, each with names of its own. */
export function conformanceCases(host: Host, world: World): readonly ConformanceCase[] {
  return [
    ...systemCases(host, world),
    ...udpCases(host, world),
    ...udpExchangeCases(host, world),
    ...tcpCases(host, world),
    ...tlsCases(host, world),
    ...tlsConnectionCases(host, world),
    ...httpServerCases(host, world),
    ...httpConnectionCases(host, world),
    ...httpClientCases(host, world),
    ...httpsCases(host, world),
    ...http2Cases(host, world),
    ...fileCases(host, world),
    ...processCases(host, world),
  ]
}
