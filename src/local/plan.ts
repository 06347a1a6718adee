// What definitions mean for what is there: which services and checks are put and removed, and which checks begin and end.
// What has not changed is not touched, and what a check says now survives a change of its settings.
import type { CheckInfo, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition, CheckOutcome, ServiceDefinition } from '../model/definition.ts'
import { isSameValue } from '../lib/same-value.ts'
import type { LocalChange, OwnCheck, OwnService, Source } from './entries.ts'

/** What is there. */
export interface Present {
  readonly node: string
  readonly services: ReadonlyMap<string, OwnService>
  readonly checks: ReadonlyMap<string, OwnCheck>
  /** Services whose tags others may set in the catalog, as they were defined. */
  readonly defined: ReadonlyMap<string, ServiceInfo>
  /** Ids of a service's checks. */
  checksOf(serviceId: string): ReadonlySet<string>
}

/** What is to be done. */
export interface Plan {
  readonly changes: readonly LocalChange[]
  /** Checks that begin, or go on with other settings. */
  readonly begin: readonly CheckDefinition[]
  /** Ids of checks that end. */
  readonly end: readonly string[]
  /** Definitions that cannot be followed, in sentences. */
  readonly problems: readonly string[]
}

/** What all definition files say together. */
export interface FileDefinitions {
  readonly services: readonly ServiceDefinition[]
  readonly checks: readonly CheckDefinition[]
}

/** Registering a service: what it does not name of its checks stays unless `replaceChecks`. */
export function planRegistration(
  present: Present,
  definition: ServiceDefinition,
  replaceChecks: boolean,
): Plan {
  const { service, token, checks } = definition
  const named = new Set(checks.map(({ id }) => id))
  const gone = replaceChecks ? [...present.checksOf(service.id)].filter((id) => !named.has(id)) : []
  return {
    changes: [
      ...gone.map((id) => ({ kind: 'removeCheck', id }) as const),
      { kind: 'putService', service: { info: service, token, source: 'api' } },
      ...checks.map((check) => putOf(present, check, { source: 'api', serviceToken: token })),
    ],
    begin: checks,
    end: gone,
    problems: [],
  }
}

/** Registering a check by itself. Its service is there. */
export function planCheck(present: Present, check: CheckDefinition): Plan {
  const serviceToken = present.services.get(check.serviceId)?.token ?? ''
  const change = putOf(present, check, { source: 'api', serviceToken })
  return { changes: [change], begin: [check], end: [], problems: [] }
}

/**
 * Making what came from files agree with what they say now. What the API gave is not touched, unless a file now defines
 * the same id: the file wins.
 */
export function planFiles(present: Present, files: FileDefinitions): Plan {
  const inFiles = new Set(files.services.map(({ service }) => service.id))
  const goneServices = [...present.services.values()].filter(
    ({ info, source }) => source === 'file' && !inFiles.has(info.id),
  )
  const gone = new Set(goneServices.map(({ info }) => info.id))
  const isThere = (id: string): boolean =>
    id === '' || inFiles.has(id) || (present.services.has(id) && !gone.has(id))

  const tokenByService = new Map(files.services.map(({ service, token }) => [service.id, token]))
  const checks = [...files.services.flatMap((each) => each.checks), ...files.checks]
  const problems = checks.filter(({ serviceId }) => !isThere(serviceId)).map(lacksService)
  const kept = checks.filter(({ serviceId }) => isThere(serviceId))
  const changed = kept.filter((check) => isChanged(present, check))
  const checkIds = new Set(kept.map(({ id }) => id))
  const goneChecks = [...present.checks.values()].filter(({ info, definition, source }) => {
    const isOfFile = source === 'file' && definition !== null
    return isOfFile && !checkIds.has(info.checkId) && !gone.has(info.serviceId)
  })
  return {
    changes: [
      ...goneServices.map(({ info }) => ({ kind: 'removeService', id: info.id }) as const),
      ...goneChecks.map(({ info }) => ({ kind: 'removeCheck', id: info.checkId }) as const),
      ...files.services.filter((each) => isServiceChanged(present, each)).map(putOfFile),
      ...changed.map((check) => {
        const own = present.services.get(check.serviceId)?.token ?? ''
        const serviceToken = tokenByService.get(check.serviceId) ?? own
        return putOf(present, check, { source: 'file', serviceToken })
      }),
    ],
    begin: changed,
    end: [
      ...goneServices.flatMap(({ info }) => [...present.checksOf(info.id)]).filter((id) => !checkIds.has(id)),
      ...goneChecks.map(({ info }) => info.checkId),
    ],
    problems,
  }
}

/** A check with its definition, saying what it is known to say, else what it says at first. */
export function ownCheck(
  definition: CheckDefinition,
  from: { readonly node: string; readonly source: Source; readonly serviceToken: string },
  said: CheckOutcome | null,
): OwnCheck {
  const info: CheckInfo = {
    node: from.node,
    checkId: definition.id,
    name: definition.name,
    status: said?.status ?? definition.initialStatus,
    notes: definition.notes,
    output: said?.output ?? '',
    serviceId: definition.serviceId,
    serviceName: '',
    serviceTags: [],
    type: definition.run.type,
    definition: {},
  }
  const token = definition.token === '' ? from.serviceToken : definition.token
  return { info, definition, token, source: from.source }
}

function putOf(
  present: Present,
  check: CheckDefinition,
  from: { readonly source: Source; readonly serviceToken: string },
): LocalChange {
  const said = present.checks.get(check.id)?.info ?? null
  return { kind: 'putCheck', check: ownCheck(check, { node: present.node, ...from }, said) }
}

function putOfFile({ service, token }: ServiceDefinition): LocalChange {
  return { kind: 'putService', service: { info: service, token, source: 'file' } }
}

function isServiceChanged(present: Present, { service, token }: ServiceDefinition): boolean {
  const known = present.services.get(service.id)
  const isKnown = known?.source === 'file' && known.token === token
  return !isKnown || !isSameValue(present.defined.get(service.id) ?? known.info, service)
}

function isChanged(present: Present, check: CheckDefinition): boolean {
  const known = present.checks.get(check.id)
  return known?.source !== 'file' || !isSameValue(known.definition, check)
}

function lacksService({ id, serviceId }: CheckDefinition): string {
  return `Cannot add check "${id}": service "${serviceId}" is not registered; define the service, or register it first`
}
