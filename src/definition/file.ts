// Definitions as configuration files give them: JSON values with their paths in, definitions and problems with paths
// out. The folder's door for config.
import type { Json, ServiceInfo } from '../model/catalog.ts'
import type { CheckDefinition, ServiceDefinition } from '../model/definition.ts'
import type { WatchDefinition } from '../model/watch.ts'
import { identityOf } from './api.ts'
import { buildCheck, checkFault, isStatus, runsProgram } from './check.ts'
import { checkReader, isEmptyCheck } from './check-fields.ts'
import { type Reader, list } from './decode.ts'
import { Misfit, type Place } from './misfit.ts'
import { type DefinitionRules, idFault } from './rules.ts'
import { type ServiceFault, buildService, checksOf } from './service.ts'
import { type GivenService, serviceReader } from './service-fields.ts'
import { firstFreePort } from './sidecar.ts'
import { buildWatch, watchReader } from './watch.ts'

/** What one file gives under one key: `service`, `services`, `check`, `checks` or `watches`. */
export interface FileDefinition {
  readonly kind: 'service' | 'check' | 'watch'
  readonly value: Json
  /** The key as the file spells it. */
  readonly path: string
}

/** Something wrong, or not as it was written. */
export interface FileRemark {
  /** Which of the definitions it is about. */
  readonly index: number
  /** Keys as the file spells them, with the indexes of lists: `services[0].check.ttl`. */
  readonly path: string
  readonly message: string
  /** True if the message names the key itself. */
  readonly namesKey?: true
}

/** What files define. */
export interface FileDefinitions {
  /** Ids are unique: of two the later one counts. */
  readonly services: readonly ServiceDefinition[]
  readonly checks: readonly CheckDefinition[]
  readonly watches: readonly WatchDefinition[]
  readonly problems: readonly FileRemark[]
  readonly warnings: readonly FileRemark[]
}

const scriptsDisabled =
  "Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true"

/**
 * Reads all definitions of all files, in their order. Never throws. `before` is what the files said before a reload:
 * sidecars keep the ports that they were given.
 */
export function readFileDefinitions(
  given: readonly FileDefinition[],
  rules: DefinitionRules,
  before: readonly ServiceDefinition[] = [],
): FileDefinitions {
  const reader = new DefinitionReader(rules, before)
  for (const [index, each] of given.entries()) reader.take(index, each)
  return reader
}

/** The services that files give, as they stand there: only their form is looked at. Never throws. */
export function readGivenServices(given: readonly FileDefinition[]): {
  readonly services: readonly GivenService[]
  readonly problems: readonly FileRemark[]
} {
  const services: GivenService[] = []
  const problems: FileRemark[] = []
  for (const [index, { kind, value, path }] of given.entries()) {
    if (kind !== 'service') continue
    readEach({ index, value, path }, serviceReader, {
      use: (service) => services.push(service),
      onProblem: (remark) => problems.push(remark),
      onWarning: () => undefined,
    })
  }
  return { services, problems }
}

/** What is done with what stands under a key. */
interface Readings<T> {
  readonly use: (given: T, path: string) => void
  readonly onProblem: (remark: FileRemark) => void
  readonly onWarning: (remark: FileRemark) => void
}

/** Reads each of the values under a key; one that does not fit is told of, and not used. */
function readEach<T>(
  { index, value, path }: { readonly index: number; readonly value: Json; readonly path: string },
  reader: Reader<T | null>,
  { use, onProblem, onWarning }: Readings<T>,
): void {
  const remark = ({ path: where, message }: Misfit): FileRemark => ({
    index,
    path: where,
    message,
    namesKey: true,
  })
  const each: Reader<null> = (item, at) => {
    const faults: Misfit[] = []
    const warnings: Misfit[] = []
    const given = guarded(() => reader(item, { ...at, faults, warnings }), faults)
    for (const warning of warnings) onWarning(remark(warning))
    for (const fault of faults) onProblem(remark(fault))
    if (faults.length === 0 && given !== null) use(given, at.path)
    return null
  }
  const at: Place = { struct: '', path, spelling: 'config' }
  const faults: Misfit[] = []
  guarded(() => list(each, '[]structs.Definition')(value, at), faults)
  for (const fault of faults) onProblem(remark(fault))
}

/** Null, and the fault noted, for what does not fit. */
function guarded<T>(read: () => T, faults: Misfit[]): T | null {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof Misfit)) throw error
    faults.push(error)
    return null
  }
}

class DefinitionReader implements FileDefinitions {
  readonly problems: FileRemark[] = []
  readonly warnings: FileRemark[] = []
  readonly watches: WatchDefinition[] = []
  readonly #rules: DefinitionRules
  readonly #services = new Map<string, ServiceDefinition>()
  /** By id, those of before among them. */
  readonly #infos: Map<string, ServiceInfo>
  readonly #checks = new Map<string, CheckDefinition>()

  constructor(rules: DefinitionRules, before: readonly ServiceDefinition[]) {
    this.#rules = rules
    this.#infos = new Map(before.map(({ service }) => [service.id, service]))
  }

  get services(): readonly ServiceDefinition[] {
    return [...this.#services.values()]
  }

  get checks(): readonly CheckDefinition[] {
    return [...this.#checks.values()]
  }

  take(index: number, { kind, value, path }: FileDefinition): void {
    const told = {
      onProblem: (remark: FileRemark): number => this.problems.push(remark),
      onWarning: (remark: FileRemark): number => this.warnings.push(remark),
    }
    const item = { index, value, path }
    if (kind === 'service') {
      readEach(item, serviceReader, { ...told, use: (given, at) => this.#service(index, given, at) })
    } else if (kind === 'check') {
      readEach(item, checkReader, { ...told, use: (given, at) => this.#check(index, given, at) })
    } else {
      readEach(item, watchReader, {
        ...told,
        use: (given, at) => {
          const built = buildWatch(given)
          if (built.ok) this.watches.push(built.value)
          else this.problems.push({ index, path: at, message: built.error })
        },
      })
    }
  }

  #service(index: number, given: GivenService, path: string): void {
    const built = buildService(given, this.#rules, firstFreePort(this.#rules.sidecarPorts, this.#infos))
    if (!built.ok) {
      this.problems.push({ index, ...remarkOf(built.error, given, path) })
      return
    }
    for (const message of built.value.warnings) this.warnings.push({ index, path, message })
    const { service, sidecar } = built.value
    for (const each of sidecar === null ? [service] : [service, sidecar]) {
      if (this.#refusesPrograms(each.checks)) this.problems.push({ index, path, message: scriptsDisabled })
      const { id } = each.service
      if (this.#services.has(id)) this.#warnOfDouble(index, path, `Service "${id}"`)
      this.#services.set(id, each)
      this.#infos.set(id, each.service)
    }
  }

  #check(index: number, given: Parameters<typeof checkFault>[0], path: string): void {
    // The reference takes a check without any field for none.
    if (isEmptyCheck(given)) return
    const identity = identityOf(given)
    const longId = idFault('Check', identity.id)
    if (longId !== null) {
      this.problems.push({ index, path, message: longId })
      return
    }
    const fault =
      identity.id === ''
        ? 'Missing check name'
        : isStatus(given.Status)
          ? checkFault(given)
          : "Status for checks must 'passing', 'warning', 'critical'"
    if (fault !== null) {
      const message = identity.id === '' ? fault : `Failed to validate check "${identity.id}": ${fault}`
      this.problems.push({ index, path, message })
      return
    }
    const name = identity.name === '' ? identity.id : identity.name
    const { definition, warnings } = buildCheck(given, { ...identity, name }, this.#rules)
    for (const message of warnings) this.warnings.push({ index, path, message })
    if (this.#refusesPrograms([definition])) this.problems.push({ index, path, message: scriptsDisabled })
    if (this.#checks.has(definition.id)) this.#warnOfDouble(index, path, `Check "${definition.id}"`)
    this.#checks.set(definition.id, definition)
  }

  #warnOfDouble(index: number, path: string, what: string): void {
    this.warnings.push({ index, path, message: `${what} is defined more than once: the last one counts` })
  }

  #refusesPrograms(checks: readonly CheckDefinition[]): boolean {
    return this.#rules.scripts === 'nowhere' && checks.some(({ run }) => runsProgram(run))
  }
}

/** A fault of a service in the words in which the reference tells it at its start. */
function remarkOf(fault: ServiceFault, given: GivenService, path: string): Omit<FileRemark, 'index'> {
  const name = given.Name
  const text = fault.reasons.join('; ')
  switch (fault.about) {
    case 'name':
      return { path, message: 'Service name missing' }
    case 'id':
      return { path, message: text }
    case 'address':
    case 'port':
      return { path: `${path}.${fault.about}`, message: `Failed to register service "${name}": ${text}` }
    case 'weights':
      return { path: `${path}.weights`, message: `Invalid weight definition for service ${name}: ${text}` }
    case 'meta':
      return { path: `${path}.meta`, message: `invalid meta for service ${name}: ${text}` }
    case 'kind':
      return { path, message: `service "${name}": ${text}` }
    case 'sidecar':
      return { path: `${path}.connect`, message: `service "${name}": ${text}` }
    case 'check':
    case 'status':
    case 'sidecarCheck':
      return checkRemark(fault, given, path)
  }
}

function checkRemark(fault: ServiceFault, given: GivenService, path: string): Omit<FileRemark, 'index'> {
  const isSidecar = fault.about === 'sidecarCheck'
  const where = isSidecar ? 'connect' : checkPath(given, fault.check ?? 0)
  const whose = isSidecar ? 'the sidecar of service' : 'service'
  const message = `Failed to validate checks for ${whose} "${given.Name}": ${fault.reasons.join('; ')}`
  return { path: `${path}.${where}`, message }
}

function checkPath(given: GivenService, index: number): string {
  const hasSingle = checksOf({ ...given, Checks: [] }).length > 0
  if (hasSingle && index === 0) return 'check'
  return `checks[${index - (hasSingle ? 1 : 0)}]`
}
