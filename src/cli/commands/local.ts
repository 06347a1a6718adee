// `version` and `keygen`: commands that ask no agent.
import { buildDate, commit, version } from '../../model/version.ts'
import type { Context } from '../command.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Gossip protocol versions as the reference counts them, which its tools read. */
const protocol = { default: 2, min: 2, max: 3 } as const

/** Runs `version`. */
export function showVersion(context: Context): Promise<number> {
  const dash = version.indexOf('-')
  if (wantsJson(context.flags)) {
    const shape = {
      Version: dash < 0 ? version : version.slice(0, dash),
      Revision: commit,
      Prerelease: dash < 0 ? '' : version.slice(dash + 1),
      BuildDate: buildDate,
      RPC: { Default: protocol.default, Min: protocol.min, Max: protocol.max },
    }
    context.print(renderJson(shape, 3))
    return Promise.resolve(0)
  }
  context.print(`Proconsul v${version}`)
  if (commit !== '') context.print(`Revision ${commit}`)
  context.print(`Build Date ${buildDate}`)
  const way = 'agent will automatically use protocol >2 when speaking to compatible agents'
  context.print(
    `Protocol ${protocol.default} spoken by default, understands ${protocol.min} to ${protocol.max} (${way})\n`,
  )
  return Promise.resolve(0)
}

/** Runs `keygen`. */
export function keygen(context: Context): Promise<number> {
  const key = btoa(String.fromCharCode(...context.host.entropy.bytes(32)))
  tell(context, key, { Key: key })
  return Promise.resolve(0)
}
