// The port of history clients to real servers.
import { Agent, request } from 'node:http'
import type { Answer, Port, Request } from '../linearizability/port.ts'
import { sleep } from '../e2e/harness.ts'
import type { ServerMachine } from './machines.ts'

/** Asks real servers by HTTP; `close` lets go of the connections. */
export function httpPort(machines: readonly ServerMachine[]): Port & { close(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const ipByName = new Map(machines.map((machine) => [machine.name, machine.ip]))
  return {
    now: () => performance.now(),
    pause: sleep,
    targets: machines.map((machine) => machine.name),
    send: (target, asked) => send(agent, ipByName.get(target) ?? '', asked),
    note: () => undefined,
    close: () => agent.destroy(),
  }
}

function send(agent: Agent, host: string, asked: Request): Promise<Answer> {
  return new Promise((resolve) => {
    const none = (reason: string): void => resolve({ status: 0, body: reason, header: () => '' })
    const { method = 'GET', path, body, timeoutMs } = asked
    const call = request({ host, port: 8500, method, path, agent, headers: lengthOf(body) }, (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => void parts.push(part))
      response.on('error', (error) => none(error.message))
      response.on('end', () => {
        clearTimeout(timer)
        const header = (name: string): string => String(response.headers[name] ?? '')
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString(), header })
      })
    })
    const timer = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
    call.on('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(timer)
      // Only a connection that was never made promises that nobody was asked.
      const isRefused = error.code === 'ECONNREFUSED' && !call.reusedSocket
      none(isRefused ? 'ECONNREFUSED' : (error.code ?? error.message))
    })
    call.end(body)
  })
}

function lengthOf(body: string | undefined): Record<string, number> {
  return body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
}
