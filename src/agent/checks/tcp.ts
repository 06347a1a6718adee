// Checks that a connection can be made.
import type { Runner } from './runner.ts'
import { Unresolved, connectFirst, resolve } from './dial.ts'
import { critical, failureText } from './texts.ts'

/** Connects, with TLS if asked to, and closes the connection. */
export const runTcp: Runner<'tcp'> = async (run, parts) => {
  const { host, signal, tlsOptions } = parts
  const tls = run.tls === null ? null : tlsOptions(run.tls)
  let target = run.address
  try {
    const { name, addresses } = await resolve(host, run.address)
    const options = { timeoutMs: run.timeoutMs, signal }
    const connection = await connectFirst({
      clock: host.clock,
      addresses,
      signal,
      connect(to) {
        target = to.ip.includes(':') ? `[${to.ip}]:${to.port}` : `${to.ip}:${to.port}`
        if (tls === null) return host.tcp.connect(to, options)
        const serverName = tls.serverName ?? name
        return host.tls.connect(to, options, serverName === to.ip ? tls : { ...tls, serverName })
      },
    })
    connection.handle({ onData: () => undefined, onClose: () => undefined })
    connection.destroy()
    return { status: 'passing', output: `TCP connect ${run.address}: Success` }
  } catch (error) {
    if (signal.aborted) return critical(`dial tcp ${target}: i/o timeout`)
    return critical(
      error instanceof Unresolved ? `dial tcp: ${error.message}` : failureText(error, 'tcp', target),
    )
  }
}
