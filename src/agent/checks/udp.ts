// Checks that nobody refuses a datagram. Silence passes: few services answer a datagram that means nothing to them.
import { formatAddress } from '../../model/address.ts'
import { HostError } from '../../runtime/host.ts'
import { Unresolved, resolve } from './dial.ts'
import type { Runner } from './runner.ts'
import { critical, failureText } from './texts.ts'

/** Sends an empty datagram, and waits for an answer or a refusal. */
export const runUdp: Runner<'udp'> = async (run, { host, signal }) => {
  let target = run.address
  try {
    const { addresses } = await resolve(host, run.address)
    const [to] = addresses
    if (to === undefined) throw new Unresolved(`lookup ${run.address}: no such host`)
    target = formatAddress(to)
    await host.udp.exchange(to, new Uint8Array(), { timeoutMs: run.timeoutMs, signal })
    return { status: 'passing', output: `UDP connect ${run.address}: Success` }
  } catch (error) {
    if (error instanceof Unresolved) return critical(`dial udp: ${error.message}`)
    const isRefused = error instanceof HostError && error.code === 'ECONNREFUSED'
    return critical(isRefused ? `read udp ${target}: connection refused` : failureText(error, 'udp', target))
  }
}
