// The services and checks of this node, as everybody sees them.
import type { CheckInfo } from '../model/catalog.ts'
import type { OwnCheck, OwnService } from './entries.ts'

/** Services and checks by id. Invariant: a check that names a service names one that is there. */
export class OwnTable {
  readonly #services = new Map<string, OwnService>()
  readonly #checks = new Map<string, OwnCheck>()
  readonly #checkIdsByService = new Map<string, Set<string>>()

  get services(): ReadonlyMap<string, OwnService> {
    return this.#services
  }

  get checks(): ReadonlyMap<string, OwnCheck> {
    return this.#checks
  }

  /** Ids of a service's checks; '' for those of the node. */
  checksOf(serviceId: string): ReadonlySet<string> {
    return this.#checkIdsByService.get(serviceId) ?? none
  }

  putService(service: OwnService): void {
    const { id, service: name, tags } = service.info
    this.#services.set(id, service)
    for (const checkId of this.checksOf(id)) {
      const check = this.#checks.get(checkId)
      if (check === undefined) continue
      const isSame = check.info.serviceName === name && check.info.serviceTags === tags
      if (!isSame) this.#store({ ...check, info: { ...check.info, serviceName: name, serviceTags: tags } })
    }
  }

  /** Fills in what a check carries of its service. False if there is no such service. */
  putCheck(check: OwnCheck): boolean {
    const { checkId, serviceId } = check.info
    const service = this.#services.get(serviceId)?.info
    if (serviceId !== '' && service === undefined) return false
    this.removeCheck(checkId)
    this.#store({
      ...check,
      info: { ...check.info, serviceName: service?.service ?? '', serviceTags: service?.tags ?? [] },
    })
    return true
  }

  /** A check that is there says something else. */
  setInfo(check: OwnCheck, info: CheckInfo): void {
    this.#checks.set(info.checkId, { ...check, info })
  }

  /** Removes a service with its checks. */
  removeService(id: string): void {
    for (const checkId of this.checksOf(id)) this.#checks.delete(checkId)
    this.#checkIdsByService.delete(id)
    this.#services.delete(id)
  }

  removeCheck(id: string): void {
    const serviceId = this.#checks.get(id)?.info.serviceId ?? ''
    this.#checks.delete(id)
    const siblings = this.#checkIdsByService.get(serviceId)
    siblings?.delete(id)
    if (siblings?.size === 0) this.#checkIdsByService.delete(serviceId)
  }

  #store(check: OwnCheck): void {
    const { checkId, serviceId } = check.info
    this.#checks.set(checkId, check)
    const siblings = this.#checkIdsByService.get(serviceId)
    if (siblings === undefined) this.#checkIdsByService.set(serviceId, new Set([checkId]))
    else siblings.add(checkId)
  }
}

const none: ReadonlySet<string> = new Set()
