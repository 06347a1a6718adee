// Checks of a unit of the system's service manager, systemd.
import { HostError } from '../../runtime/host.ts'
import type { Runner } from './runner.ts'
import { critical, textOf, timedOutText } from './texts.ts'

/** Names of units; no patterns, which would stand for many. */
const unitName = /^[\w:.\\@-]+$/

/** States in which a unit does its work. */
const wellStates: ReadonlySet<string> = new Set(['active', 'reloading'])

/** Asks systemd for the state of a unit. */
export const runOsService: Runner<'os_service'> = async (run, { host, signal }) => {
  const name = JSON.stringify(run.name)
  if (host.system.os !== 'linux') return critical(`Cannot ask for the service ${name}: only systemd is asked`)
  if (!unitName.test(run.name))
    return critical(`Cannot ask for the service ${name}: this is not a unit's name`)
  try {
    const result = await host.processes.run(['systemctl', 'is-active', '--', run.name], {
      timeoutMs: run.timeoutMs,
      outputBytesMax: 1024,
      endsGroup: true,
      signal,
    })
    if (result.timedOut) return critical(timedOutText(run.timeoutMs))
    const state = textOf(result.output).trim()
    if (wellStates.has(state)) return { status: 'passing', output: `Service ${name} is healthy` }
    return critical(`Service ${name} is unhealthy: ${state === '' ? 'systemctl says nothing' : state}`)
  } catch (error) {
    const isMissing = error instanceof HostError && error.code === 'ENOENT'
    const reason = isMissing ? 'there is no systemctl on this machine' : String(error)
    return critical(`Cannot ask for the service ${name}: ${reason}`)
  }
}
