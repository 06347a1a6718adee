// `/v1/config`: settings of services and proxies that the cluster keeps for everybody.
import { checkConfigEntry, decodeConfigEntry, unknownKind } from '../../definition/config-entry.ts'
import { isEntryKind } from '../../definition/entry-fields.ts'
import { configEntryShape, exportedServiceShape } from '../../filter/catalog-shapes.ts'
import type { Json } from '../../model/catalog.ts'
import type { Command } from '../../model/command.ts'
import type { ExportedService } from '../../model/config-entry.ts'
import { limits } from '../../model/limits.ts'
import { readText } from '../body.ts'
import { Refusal, badRequest, orThrow, written } from '../errors.ts'
import { eachOf } from '../filters.ts'
import { parseJson } from '../json-parse.ts'
import { datacenterOf } from '../read-options.ts'
import { renderConfigEntries, renderConfigEntry, renderExportedServices } from '../render-config.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { casOf } from './kv.ts'
import { type View, answerCatalog, answerShared, metaHeaders, read } from './reads.ts'

/** The endpoints. */
export const configRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/config',
    summary: 'Writes a configuration entry; `false` if a compare-and-set did not apply',
    parameters: ['dc', 'cas'],
    body: 'ConfigEntry',
    answer: ['Applied'],
    handler: write,
  },
  {
    method: 'GET',
    path: '/v1/config/:entry',
    summary: 'The configuration entry of a kind and name (`kind/name`), the entries of a kind, or all',
    parameters: [...readParameters, 'filter'],
    answer: ['ConfigEntry', 'ConfigEntries'],
    statuses: [{ status: 404, meaning: 'There is no such entry.' }],
    handler: (call) => {
      const { kind, name } = partsOf(call)
      if (kind !== '' && !isEntryKind(kind)) throw new Refusal(500, unknownKind(kind))
      return name === null ? answerList(call, kind) : answerEntry(call, kind, name)
    },
  },
  {
    method: 'DELETE',
    path: '/v1/config/:entry',
    summary:
      'Deletes a configuration entry; what is not there is no failure. With `cas` the answer is `true` or `false`',
    parameters: ['dc', 'cas'],
    answer: ['Nothing', 'Applied'],
    statuses: [{ status: 404, meaning: 'The path names no entry.' }],
    handler: remove,
  },
  {
    method: 'GET',
    path: '/v1/exported-services',
    summary:
      'The services that the entry `exported-services` exports, a wildcard being every service of the catalog. No peer reads them',
    parameters: [...readParameters, 'filter'],
    answer: ['ExportedServices'],
    handler: (call) => answerCatalog(call, { kind: 'exportedServices' }, exportsView),
  },
]

const exportsView: View<readonly ExportedService[]> = {
  render: renderExportedServices,
  filtering: eachOf(exportedServiceShape),
  isInternal: true,
}

/** Kind and name out of the path; the name may hold slashes, and is null where there is no slash. */
function partsOf({ name }: Call): { readonly kind: string; readonly name: string | null } {
  const slash = name.indexOf('/')
  return slash < 0 ? { kind: name, name: null } : { kind: name.slice(0, slash), name: name.slice(slash + 1) }
}

async function answerList(call: Call, configKind: string): Promise<Response> {
  const text = call.query.get('filter')
  const narrow = text === '' ? null : call.filters.narrowing(filteredEntries, text)
  const reply = orThrow(await read(call, { kind: 'configEntries', configKind }))
  const value = narrow === null ? reply.value : call.filters.narrowed(reply.value, narrow)
  return answerShared(call, { ...reply, value }, { render: renderConfigEntries })
}

const filteredEntries = eachOf(configEntryShape)

async function answerEntry(call: Call, configKind: string, name: string): Promise<Response> {
  const { value, ...meta } = orThrow(await read(call, { kind: 'configEntry', configKind, name }))
  const headers = metaHeaders(meta)
  if (value !== null) return call.reply.json(call, renderConfigEntry(value), { headers })
  const what = `${JSON.stringify(configKind)} / ${JSON.stringify(name)}`
  throw new Refusal(404, `Config entry not found for ${what}`, headers)
}

async function write(call: Call): Promise<Response> {
  const given = decodeConfigEntry(parseBody(await readText(call.request, limits.bodyBytesMax)))
  if (!given.ok) throw badRequest(`${prefix}${given.error}`)
  const expectedIndex = casOf(call)
  const checked = checkConfigEntry(given.value)
  if (!checked.ok) throw new Refusal(500, checked.error)
  const { kind, name, body } = checked.value
  const applied = await carryOut(call, {
    kind: 'configEntrySet',
    configKind: kind,
    name,
    body,
    expectedIndex,
  })
  return call.reply.json(call, String(applied))
}

async function remove(call: Call): Promise<Response> {
  const { kind, name } = partsOf(call)
  if (kind === '' || name === null || name === '') {
    throw new Refusal(404, 'Must provide both a kind and name to delete')
  }
  if (!isEntryKind(kind)) throw new Refusal(400, unknownKind(kind))
  const expectedIndex = casOf(call)
  const applied = await carryOut(call, { kind: 'configEntryDelete', configKind: kind, name, expectedIndex })
  return call.reply.json(call, expectedIndex === null ? '{}' : String(applied))
}

async function carryOut(call: Call, command: Command): Promise<boolean> {
  const result = written(await call.backend.write(command, datacenterOf(call)))
  return result.kind !== 'decided' || result.applied
}

const prefix = 'Request decoding failed: '

/** Parses a body. Throws Refusal (400) with the sentence of this endpoint. */
function parseBody(body: string): Json {
  try {
    return parseJson(body)
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    throw badRequest(`${prefix}${error.message.replace(/^Request decode failed: /, '')}`)
  }
}
