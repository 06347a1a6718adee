// The services and checks that the API gave, and what TTL checks were last told, in the data directory:
// `local/definitions` and `local/check-states`.
import type { Json, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition } from '../model/definition.ts'
import type { LocalChange, OwnCheck, OwnService } from '../local/entries.ts'
import type { Host } from '../runtime/host.ts'
import type { KnownCheck } from './checks/check-duty.ts'
import { noJournal, openJournal, type Journal } from './local-journal.ts'
import type { Logger } from './log.ts'

/** A service that the API gave. */
export interface StoredService {
  readonly kind: 'service'
  readonly info: ServiceInfo
  readonly token: string
}

/** A check that the API gave: `definition` null is maintenance, whose words are in `notes`. */
export interface StoredCheck {
  readonly kind: 'check'
  readonly id: string
  readonly definition: CheckDefinition | null
  readonly serviceId: string
  readonly notes: string
  readonly token: string
}

/** What is there to be stored. */
export interface LocalContents {
  storedServices(): Iterable<StoredService>
  storedChecks(): Iterable<StoredCheck>
  /** TTL checks with what they were told last. */
  storedStates(): Iterable<readonly [string, KnownCheck]>
}

/** The files. */
export interface LocalStore {
  readonly services: readonly StoredService[]
  readonly checks: readonly StoredCheck[]
  readonly states: ReadonlyMap<string, KnownCheck>
  readonly definitionFile: Journal
  readonly stateFile: Journal
}

/** News of TTL checks are gathered for this long. */
const statesMs = 1000

/** Opens the files; without a data directory nothing is kept. Errors: StartError. */
export async function openLocalStore(
  host: Pick<Host, 'files' | 'clock'>,
  dataDir: string | null,
  contents: LocalContents,
  log: Logger,
): Promise<LocalStore> {
  if (dataDir === null) {
    const none = noJournal()
    return { services: [], checks: [], states: new Map(), definitionFile: none, stateFile: none }
  }
  const definitionFile = await openJournal({
    host,
    path: `${dataDir}/local/definitions`,
    what: 'services and checks of the API',
    delayMs: 0,
    log,
    live: () => definitionsOf(contents),
  })
  const stateFile = await openJournal({
    host,
    path: `${dataDir}/local/check-states`,
    what: 'states of TTL checks',
    delayMs: statesMs,
    log,
    live: () => statesOf(contents),
  })
  const stored = [...definitionFile.restored.values()] as unknown as readonly (StoredService | StoredCheck)[]
  return {
    services: stored.filter((each) => each.kind === 'service'),
    checks: stored.filter((each) => each.kind === 'check'),
    states: stateFile.restored as unknown as ReadonlyMap<string, KnownCheck>,
    definitionFile,
    stateFile,
  }
}

/** What the file needs to know of a change. */
interface ChangeParts {
  /** It comes from the file: what is put is there. */
  readonly isKept: boolean
  readonly checksOf: (serviceId: string) => Iterable<string>
}

/** Writes down what a change means for what is stored: the API's things are, those of definition files are not. */
export function followChange(file: Journal, change: LocalChange, parts: ChangeParts): void {
  switch (change.kind) {
    case 'putService':
      return followService(file, change.service, parts.isKept)
    case 'putCheck':
      return followCheck(file, change.check, parts.isKept)
    case 'removeService':
      file.drop(serviceKey(change.id))
      for (const id of parts.checksOf(change.id)) file.drop(checkKey(id))
      return
    case 'removeCheck':
      return file.drop(checkKey(change.id))
    default:
      change satisfies never
  }
}

function followService(file: Journal, { info, token, source }: OwnService, isKept: boolean): void {
  if (source === 'file') file.drop(serviceKey(info.id))
  else if (!isKept) file.put(serviceKey(info.id), jsonOf({ kind: 'service', info, token }))
}

function followCheck(file: Journal, check: OwnCheck, isKept: boolean): void {
  const { checkId } = check.info
  if (check.source === 'file') file.drop(checkKey(checkId))
  else if (!isKept) file.put(checkKey(checkId), jsonOf(storedCheck(check)))
}

/** The key of a service in the file. */
export function serviceKey(id: string): string {
  return `s:${id}`
}

/** The key of a check in the file. */
export function checkKey(id: string): string {
  return `c:${id}`
}

/** What is stored of a check. */
export function storedCheck({ info, definition, token }: OwnCheck): StoredCheck {
  const { checkId: id, serviceId, notes } = info
  return { kind: 'check', id, definition, serviceId, notes, token }
}

/** A stored thing as JSON. */
export function jsonOf(stored: StoredService | StoredCheck | KnownCheck): Json {
  return stored as unknown as Json
}

function* definitionsOf(contents: LocalContents): Iterable<readonly [string, Json]> {
  for (const service of contents.storedServices()) yield [serviceKey(service.info.id), jsonOf(service)]
  for (const check of contents.storedChecks()) yield [checkKey(check.id), jsonOf(check)]
}

function* statesOf(contents: LocalContents): Iterable<readonly [string, Json]> {
  for (const [id, state] of contents.storedStates()) yield [id, jsonOf(state)]
}
