// How much one client may ask for at once. Runtimes do not show connections; but a connection carries one request at a
// time, and those that are open for long are blocking queries, so requests under way are what is counted.
import type { HttpHandler, HttpPeer } from '../runtime/host.ts'

/** A handler with a limit that may be changed. */
export interface ClientLimit {
  readonly handle: HttpHandler
  /** 0: no limit. */
  set(max: number): void
}

const refusal = 'Too many requests from this address are under way (limits.http_max_conns_per_client)\n'

/**
 * Lets each address have so many requests under way; one more is answered 429. What is answered in the same turn is
 * never under way, and unix sockets have no address. As long as all clients together are below the limit nobody's
 * address is asked for: that is not free on all runtimes.
 */
export function limitClients(handler: HttpHandler, initialMax: number): ClientLimit {
  let max = initialMax
  const underWay = new Set<{ readonly from: HttpPeer }>()
  /** Only while it is needed. */
  let countByIp: Map<string, number> | null = null

  const add = (ip: string, step: 1 | -1): void => {
    const count = (countByIp?.get(ip) ?? 0) + step
    if (count > 0) countByIp?.set(ip, count)
    else countByIp?.delete(ip)
  }
  const isOver = (from: HttpPeer): boolean => {
    if (max === 0 || underWay.size < max || from.ip === '') return false
    if (countByIp === null) {
      countByIp = new Map()
      for (const each of underWay) add(each.from.ip, 1)
    }
    return (countByIp.get(from.ip) ?? 0) >= max
  }
  return {
    handle(request, from) {
      if (isOver(from)) return new Response(refusal, { status: 429, headers: { connection: 'close' } })
      const answer = handler(request, from)
      if (!(answer instanceof Promise)) return answer
      const entry = { from }
      underWay.add(entry)
      if (countByIp !== null) add(from.ip, 1)
      const end = (): void => {
        underWay.delete(entry)
        if (countByIp !== null) add(from.ip, -1)
        if (underWay.size < max / 2) countByIp = null
      }
      answer.then(end, end)
      return answer
    },
    set(next) {
      max = next
      countByIp = null
    },
  }
}
