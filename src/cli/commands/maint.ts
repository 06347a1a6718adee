// `maint`: maintenance of a node and its services.
import type { CheckShape } from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

const nodeCheck = '_node_maintenance'
const servicePrefix = '_service_maintenance:'

/** Runs `maint`. */
export async function maint(context: Context): Promise<number> {
  const { flags } = context
  const isEnabled = flags.bool('enable')
  const isDisabled = flags.bool('disable')
  const reason = flags.string('reason') ?? ''
  const service = flags.string('service') ?? ''
  const fault = faultOf({ isEnabled, isDisabled, reason, service })
  if (fault !== null) {
    context.complain(fault)
    return 1
  }
  if (!isEnabled && !isDisabled) return show(context)
  const what = service === '' ? 'node' : 'service'
  return attempt(context, `Error ${isEnabled ? 'enabling' : 'disabling'} ${what} maintenance`, async () => {
    const client = await context.client()
    const options = isEnabled ? { reason } : {}
    if (service === '') await client.nodeMaintenance(isEnabled, options)
    else await client.serviceMaintenance(service, isEnabled, options)
    const state = isEnabled ? 'enabled' : 'disabled'
    const sentence =
      service === ''
        ? `Node maintenance is now ${state}`
        : `Service maintenance is now ${state} for ${JSON.stringify(service)}`
    tell(context, sentence, { Service: service === '' ? null : service, Enabled: isEnabled })
    return 0
  })
}

interface Asked {
  readonly isEnabled: boolean
  readonly isDisabled: boolean
  readonly reason: string
  readonly service: string
}

function faultOf({ isEnabled, isDisabled, reason, service }: Asked): string | null {
  if (isEnabled && isDisabled) return 'Only one of -enable or -disable may be provided'
  if (!isEnabled && reason !== '') return 'Reason may only be provided with -enable'
  if (!isEnabled && !isDisabled && service !== '') return 'Service requires either -enable or -disable'
  return null
}

/** Shows what is in maintenance; nothing if nothing is. */
async function show(context: Context): Promise<number> {
  return attempt(context, 'Error querying Consul agent', async () => {
    const client = await context.client()
    await client.agentSelf()
    const checks = Object.values(await client.agentChecks())
    if (wantsJson(context.flags)) {
      context.print(renderJson(maintenanceOf(checks)))
      return 0
    }
    for (const { CheckID, Node, Notes } of checks) {
      if (CheckID === nodeCheck) context.print(`Node:\n  Name:   ${Node}\n  Reason: ${Notes}\n`)
    }
    for (const { CheckID, ServiceID, Notes } of checks) {
      if (CheckID.startsWith(servicePrefix)) {
        context.print(`Service:\n  ID:     ${ServiceID}\n  Reason: ${Notes}\n`)
      }
    }
    return 0
  })
}

type MaintenanceCheck = Pick<CheckShape, 'CheckID' | 'Node' | 'ServiceID' | 'Notes'>

function maintenanceOf(checks: readonly MaintenanceCheck[]): unknown {
  const node = checks.find(({ CheckID }) => CheckID === nodeCheck)
  return {
    Node: node === undefined ? null : { Name: node.Node, Reason: node.Notes },
    Services: checks
      .filter(({ CheckID }) => CheckID.startsWith(servicePrefix))
      .map(({ ServiceID, Notes }) => ({ ID: ServiceID, Reason: Notes })),
  }
}
