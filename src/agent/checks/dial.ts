// From `host:port` to a connection: names looked up, several addresses tried one shortly after the other.
import type { Address } from '../../model/address.ts'
import type { Clock, Host, TcpConnection } from '../../runtime/host.ts'

/** How long an address has before the next one is tried beside it (RFC 8305, the reference's value). */
const fallbackMs = 300

/** An address that leads nowhere, in words that follow `dial tcp: `. */
export class Unresolved extends Error {}

/** Where to connect to. */
export interface Resolved {
  /** The host as it was written, without brackets. */
  readonly name: string
  /** At least one. */
  readonly addresses: readonly Address[]
}

/** Splits `host:port` and looks the host up if it is a name. Rejects with Unresolved, or HostError. */
export async function resolve(host: Pick<Host, 'names'>, text: string): Promise<Resolved> {
  const { name, port } = split(text)
  if (isIp(name)) return { name, addresses: [{ ip: name, port }] }
  const ips = name === '' ? ['127.0.0.1'] : await host.names.lookup(name)
  if (ips.length === 0) throw new Unresolved(`lookup ${name}: no such host`)
  return { name, addresses: ips.map((ip) => ({ ip, port })) }
}

/** True for an address of either family. */
export function isIp(name: string): boolean {
  return name.includes(':') || /^\d+(\.\d+){3}$/.test(name)
}

/** `host:port`, `[v6]:port`. Throws Unresolved. */
export function split(text: string): { readonly name: string; readonly port: number } {
  const found = /^(?:\[([^\]]*)\]|([^:[\]]*)):([^:]*)$/.exec(text)
  if (found === null) {
    const isMany = text.split(':').length > 2 && !text.startsWith('[')
    throw new Unresolved(`address ${text}: ${isMany ? 'too many colons' : 'missing port'} in address`)
  }
  const [, bracketed, plain, portText = ''] = found
  const port = Number(portText)
  if (!/^\d+$/.test(portText) || port > 65_535) throw new Unresolved(`address ${portText}: invalid port`)
  return { name: bracketed ?? plain ?? '', port }
}

/** How to connect to one of several addresses. */
export interface Dialing<Connection extends TcpConnection> {
  readonly clock: Clock
  readonly addresses: readonly Address[]
  readonly signal: AbortSignal
  readonly connect: (to: Address) => Promise<Connection>
}

/** The first connection that is made; others are closed. Rejects with the first failure, or the signal's reason. */
export function connectFirst<Connection extends TcpConnection>({
  clock,
  addresses,
  signal,
  connect,
}: Dialing<Connection>): Promise<Connection> {
  const { promise, resolve: settle, reject } = Promise.withResolvers<Connection>()
  const waiting = [...addresses]
  let underWay = 0
  let isOver = false
  let firstError: unknown
  let cancelNext = (): void => undefined

  const finish = (act: () => void): void => {
    if (isOver) return
    isOver = true
    cancelNext()
    signal.removeEventListener('abort', onAbort)
    act()
  }
  const onAbort = (): void => finish(() => reject(signal.reason))
  const tryNext = (): void => {
    cancelNext()
    const to = waiting.shift()
    if (isOver || to === undefined) return
    underWay++
    connect(to).then(onConnection, onError)
    if (waiting.length > 0) cancelNext = clock.wakeAt(clock.nowMs() + fallbackMs, tryNext)
  }
  const onConnection = (connection: Connection): void => {
    if (!isOver) return finish(() => settle(connection))
    connection.handle({ onData: () => undefined, onClose: () => undefined })
    connection.destroy()
  }
  const onError = (error: unknown): void => {
    underWay--
    firstError ??= error
    if (waiting.length > 0) tryNext()
    else if (underWay === 0) finish(() => reject(firstError))
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort)
  tryNext()
  return promise
}
