// Definitions as the API gives them: JSON in, definitions or a refusal in the reference's words out. The folder's door
// for http.
import { type Result, err, ok } from '../lib/result.ts'
import type { Json } from '../model/catalog.ts'
import { type BuiltCheck, buildCheck, checkFault, isStatus } from './check.ts'
import { type GivenCheck, checkReader } from './check-fields.ts'
import { type Reader, required } from './decode.ts'
import { Misfit, apiRoot } from './misfit.ts'
import { type DefinitionRules, errorsOccurred, idFault } from './rules.ts'
import { type BuiltService, type PortGiver, type ServiceFault, buildService } from './service.ts'
import { type GivenService, serviceReader } from './service-fields.ts'

/** A refusal: the status that the reference answers with, and its text. */
export interface ApiFault {
  readonly status: 400 | 500
  readonly message: string
}

/** Reads the body of `/v1/agent/service/register`. */
export function readApiService(
  value: Json,
  rules: DefinitionRules,
  portFor: PortGiver,
): Result<BuiltService, ApiFault> {
  const given = fitting(value, readService)
  if (!given.ok) return given
  const built = buildService(given.value, rules, portFor)
  return built.ok ? built : err(apiFault(built.error))
}

const readService: Reader<GivenService> = required(serviceReader)

/** Reads the body of `/v1/agent/check/register`. */
export function readApiCheck(value: Json, rules: DefinitionRules): Result<BuiltCheck, ApiFault> {
  const read = fitting(value, readCheck)
  if (!read.ok) return read
  const given = read.value
  if (given.Name === '') return refused('Missing check name')
  if (!isStatus(given.Status)) return refused('Bad check status')
  const identity = identityOf(given)
  const fault = checkFault(given) ?? idFault('Check', identity.id)
  if (fault !== null) return refused(`Invalid check: ${fault}`)
  return ok(buildCheck(given, identity, rules))
}

const readCheck: Reader<GivenCheck> = required(checkReader)

/** What a check by itself is called: without an id its name is the id. */
export function identityOf(given: GivenCheck): Parameters<typeof buildCheck>[1] {
  return {
    id: given.CheckID === '' ? given.Name : given.CheckID,
    name: given.Name,
    serviceId: given.ServiceID,
    token: given.Token,
  }
}

function fitting<T>(value: Json, reader: Reader<T>): Result<T, ApiFault> {
  try {
    return ok(reader(value, apiRoot))
  } catch (error) {
    if (error instanceof Misfit) return refused(`Request decode failed: ${error.message}`)
    throw error
  }
}

function refused(message: string, status: ApiFault['status'] = 400): Result<never, ApiFault> {
  return err({ status, message })
}

function apiFault({ about, reasons }: ServiceFault): ApiFault {
  const text = reasons.join('; ')
  switch (about) {
    case 'weights':
      return { status: 400, message: `Invalid Weights: ${text}` }
    case 'meta':
      return { status: 400, message: `Invalid Service Meta: ${text}` }
    case 'kind':
      return { status: 400, message: errorsOccurred(reasons) }
    case 'check':
      return { status: 400, message: `Invalid check: ${text}` }
    case 'sidecar':
      return { status: 500, message: `Bad request: ${text}` }
    case 'sidecarCheck':
      return { status: 500, message: `Bad request: Invalid check in sidecar_service: ${text}` }
    case 'name':
    case 'id':
    case 'address':
    case 'port':
    case 'status':
      return { status: 400, message: text }
  }
}

/** The refusal of a check that runs a program, where those of the API may not. */
export const remoteScriptsDisabled =
  "Scripts are disabled on this agent from remote calls; to enable, configure 'enable_script_checks' to true"
