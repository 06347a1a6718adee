// `operator autopilot get-config`, `set-config` and `state`.
import type { Client } from '../../http/client.ts'
import type {
  AutopilotConfigShape,
  AutopilotServerShape,
  AutopilotStateShape,
} from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

const queryFailure = 'Error querying Autopilot configuration'

function readConfig({ flags }: Context, client: Client): Promise<AutopilotConfigShape> {
  return client.autopilotConfiguration({ stale: flags.bool('stale') })
}

/** Runs `operator autopilot get-config`. */
export async function getAutopilotConfig(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, queryFailure, async () => {
    const config = await readConfig(context, await context.client())
    context.print(isJson ? renderJson(config) : configLines(config))
    return 0
  })
}

function configLines(config: AutopilotConfigShape): string {
  return [
    `CleanupDeadServers = ${config.CleanupDeadServers}`,
    `LastContactThreshold = ${config.LastContactThreshold}`,
    `MaxTrailingLogs = ${config.MaxTrailingLogs}`,
    `MinQuorum = ${config.MinQuorum}`,
    `ServerStabilizationTime = ${config.ServerStabilizationTime}`,
    `RedundancyZoneTag = ${JSON.stringify(config.RedundancyZoneTag)}`,
    `DisableUpgradeMigration = ${config.DisableUpgradeMigration}`,
    `UpgradeVersionTag = ${JSON.stringify(config.UpgradeVersionTag)}`,
  ].join('\n')
}

/** Runs `operator autopilot set-config`: what no flag names stays as it is. */
export async function setAutopilotConfig(context: Context): Promise<number> {
  const client = await context.client()
  let config: AutopilotConfigShape | null = null
  const code = await attempt(context, queryFailure, async () => {
    config = await readConfig(context, client)
    return 0
  })
  return config === null ? code : writeConfig(context, client, config)
}

async function writeConfig(context: Context, client: Client, known: AutopilotConfigShape): Promise<number> {
  return attempt(context, 'Error setting Autopilot configuration', async () => {
    const isSet = await client.autopilotSetConfiguration(changed(context, known), { cas: known.ModifyIndex })
    tell(context, isSet ? 'Configuration updated!' : null, { Updated: isSet })
    if (!isSet) context.complain('Configuration could not be atomically updated, please try again')
    return isSet ? 0 : 1
  })
}

function changed({ flags }: Context, known: AutopilotConfigShape): AutopilotConfigShape {
  const bool = (name: string, value: boolean): boolean => (flags.has(name) ? flags.bool(name) : value)
  const number = (name: string, value: number): number => Number(flags.string(name) ?? value)
  const text = (name: string, value: string): string => flags.string(name) ?? value
  return {
    ...known,
    CleanupDeadServers: bool('cleanup-dead-servers', known.CleanupDeadServers),
    LastContactThreshold: text('last-contact-threshold', known.LastContactThreshold),
    MaxTrailingLogs: number('max-trailing-logs', known.MaxTrailingLogs),
    MinQuorum: number('min-quorum', known.MinQuorum),
    ServerStabilizationTime: text('server-stabilization-time', known.ServerStabilizationTime),
    RedundancyZoneTag: text('redundancy-zone-tag', known.RedundancyZoneTag),
    DisableUpgradeMigration: bool('disable-upgrade-migration', known.DisableUpgradeMigration),
    UpgradeVersionTag: text('upgrade-version-tag', known.UpgradeVersionTag),
  }
}

/** Runs `operator autopilot state`. */
export async function showAutopilotState(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error querying Autopilot state', async () => {
    const client = await context.client()
    const state = await client.autopilotState()
    context.print(isJson ? renderJson(state) : stateLines(state).join('\n'))
    return 0
  })
}

function stateLines(state: AutopilotStateShape): readonly string[] {
  const replicas = state.ReadReplicas ?? []
  return [
    ...aligned(
      [
        ['Healthy:', String(state.Healthy)],
        ['Failure Tolerance:', String(state.FailureTolerance)],
        ['Optimistic Failure Tolerance:', String(state.OptimisticFailureTolerance)],
        ['Leader:', state.Leader],
      ],
      0,
    ),
    'Voters:',
    ...state.Voters.map((id) => `   ${id}`),
    ...(replicas.length === 0 ? [] : ['Read Replicas:', ...replicas.map((id) => `   ${id}`)]),
    'Servers:',
    ...Object.values(state.Servers).flatMap(serverLines),
  ]
}

function serverLines(server: AutopilotServerShape): readonly string[] {
  const zone = server.RedundancyZone ?? ''
  const meta = Object.entries(server.Meta).toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
  return [
    `   ${server.ID}`,
    ...aligned(
      [
        ['Name:', server.Name],
        ['Address:', server.Address],
        ['Version:', server.Version],
        ['Status:', server.Status],
        ['Node Type:', server.NodeType],
        ...(zone === '' ? [] : [['Redundancy Zone:', zone] as const]),
        ['Node Status:', server.NodeStatus],
        ['Healthy:', String(server.Healthy)],
        ['Last Contact:', server.LastContact],
        ['Last Term:', String(server.LastTerm)],
        ['Last Index:', String(server.LastIndex)],
      ],
      6,
    ),
    '      Meta',
    ...meta.map(([key, value]) => `         ${JSON.stringify(key)}: ${JSON.stringify(value)}`),
  ]
}

/** Names and values, the values in one column. */
function aligned(
  pairs: readonly (readonly [name: string, value: string])[],
  indent: number,
): readonly string[] {
  const width = Math.max(...pairs.map(([name]) => name.length)) + 1
  return pairs.map(([name, value]) => ' '.repeat(indent) + name.padEnd(width) + value)
}
