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
import type { DefinitionRules } from './rules.ts'
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

/** Reads all definitions of all files, in their order. Never throws. */
export function readFileDefinitions(
  given: readonly FileDefinition[],
  rules: DefinitionRules,
): FileDefinitions {
  const reader = new DefinitionReader(rules)
  for (const [index, each] of given.entries()) reader.take(index, each)
  return reader
}

class DefinitionReader implements FileDefinitions {
  readonly problems: FileRemark[] = []
  readonly warnings: FileRemark[] = []
  readonly watches: WatchDefinition[] = []
  readonly #rules: DefinitionRules
  readonly #services = new Map<string, ServiceDefinition>()
  readonly #infos = new Map<string, ServiceInfo>()
  readonly #checks = new Map<string, CheckDefinition>()

  constructor(rules: DefinitionRules) {
    this.#rules = rules
  }

  get services(): readonly ServiceDefinition[] {
    return [...this.#services.values()]
  }

  get checks(): readonly CheckDefinition[] {
    return [...this.#checks.values()]
  }

  take(index: number, { kind, value, path }: FileDefinition): void {
    if (kind === 'service') {
      this.#read(index, { value, path, reader: serviceReader }, (given, at) =>
        this.#service(index, given, at),
      )
    } else if (kind === 'check') {
      this.#read(index, { value, path, reader: checkReader }, (given, at) => this.#check(index, given, at))
    } else {
      this.#read(index, { value, path, reader: watchReader }, (given, at) => {
        const built = buildWatch(given)
        if (built.ok) this.watches.push(built.value)
        else this.problems.push({ index, path: at, message: built.message })
      })
    }
  }

  /** Reads each of the values under a key; one that does not fit is noted, and not used. */
  #read<T>(
    index: number,
    {
      value,
      path,
      reader,
    }: { readonly value: Json; readonly path: string; readonly reader: Reader<T | null> },
    use: (given: T, path: string) => void,
  ): void {
    const each: Reader<null> = (item, at) => {
      const faults: Misfit[] = []
      const warnings: Misfit[] = []
      const given = reader(item, { ...at, faults, warnings })
      for (const { path: where, message } of warnings)
        this.warnings.push({ index, path: where, message, namesKey: true })
      for (const { path: where, message } of faults)
        this.problems.push({ index, path: where, message, namesKey: true })
      if (faults.length === 0 && given !== null) use(given, at.path)
      return null
    }
    this.#guarded(index, { struct: '', path, spelling: 'config' }, (at) =>
      list(each, '[]structs.Definition')(value, at),
    )
  }

  #guarded(index: number, at: Place, read: (at: Place) => unknown): void {
    try {
      read(at)
    } catch (error) {
      if (!(error instanceof Misfit)) throw error
      this.problems.push({ index, path: error.path, message: error.message, namesKey: true })
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
    case 'address':
    case 'port':
      return { path: `${path}.${fault.about}`, message: `Failed to register service "${name}": ${text}` }
    case 'weights':
      return { path: `${path}.weights`, message: `Invalid weight definition for service ${name}: ${text}` }
    case 'meta':
      return { path: `${path}.meta`, message: `invalid meta for service ${name}: ${text}` }
    case 'kind':
      return { path, message: `service "${name}": ${text}` }
    case 'check':
    case 'status':
      return {
        path: `${path}.${checkPath(given, fault.check ?? 0)}`,
        message: `Failed to validate checks for service "${name}": ${text}`,
      }
    case 'sidecar':
      return { path: `${path}.connect`, message: `service "${name}": ${text}` }
    case 'sidecarCheck':
      return {
        path: `${path}.connect`,
        message: `Failed to validate checks for the sidecar of service "${name}": ${text}`,
      }
  }
}

function checkPath(given: GivenService, index: number): string {
  const hasSingle = checksOf({ ...given, Checks: [] }).length > 0
  if (hasSingle && index === 0) return 'check'
  return `checks[${index - (hasSingle ? 1 : 0)}]`
}
