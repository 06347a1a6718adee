// The OpenAPI document is made from the table of routes; here: that it is whole, and that what it refers to is there.
import { beforeAll, describe, expect, test } from 'vitest'
import { operationId } from '../../../src/http/openapi/document.ts'
import { schemas } from '../../../src/http/openapi/schemas.ts'
import { mediaTypes } from '../../../src/http/route.ts'
import { routes } from '../../../src/http/routes/table.ts'
import type { Json, JsonObject } from '../../../src/model/catalog.ts'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

let document: JsonObject

beforeAll(async () => {
  const response = await asking(createStateBackend())('GET /v1/openapi.json')
  expect(response.status).toBe(200)
  document = (await response.json()) as JsonObject
})

test('it is OpenAPI 3.1, with a version of the program', () => {
  expect(document['openapi']).toBe('3.1.0')
  expect(at(document, 'info')).toMatchObject({ title: 'proconsul', version: expect.any(String) as string })
})

describe('every route', () => {
  test.each(routes.map((route) => [`${route.method} ${route.path}`, route] as const))(
    '%s',
    (_line, route) => {
      const path = route.path.replace(/:(\w+)/, '{$1}')
      const operation = at(document, 'paths', path, route.method.toLowerCase())
      expect(operation['summary']).toBe(route.summary)
      const names = (operation['parameters'] as readonly JsonObject[]).map((parameter) =>
        JSON.stringify(parameter['$ref'] ?? parameter['name']).replaceAll(/^.*\/|"/g, ''),
      )
      const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name)
      expect(names).toEqual([...inPath, ...route.parameters, 'pretty'])
      const statuses = Object.keys(operation['responses'] as JsonObject)
      for (const { status } of [{ status: 200 }, { status: 500 }, ...(route.statuses ?? [])]) {
        expect(statuses).toContain(String(status))
      }
      expect('requestBody' in operation).toBe(route.body !== undefined)
    },
  )

  test('has a name of its own', () => {
    const names = routes.map(operationId)
    expect(new Set(names).size).toBe(names.length)
  })
})

test('there is nothing in it that is not served', () => {
  const paths = Object.keys(at(document, 'paths'))
  expect(new Set(paths)).toEqual(new Set(routes.map(({ path }) => path.replace(/:(\w+)/, '{$1}'))))
})

test('what is referred to is there, and what is there is referred to', () => {
  const references = new Set(referencesIn(document))
  for (const reference of references) {
    const found = reference
      .replace(/^#\//, '')
      .split('/')
      .reduce<Json | undefined>((value, name) => (value as JsonObject | undefined)?.[name], document)
    expect(found, reference).toBeDefined()
  }
  const unused = Object.keys(schemas).filter((name) => !references.has(`#/components/schemas/${name}`))
  expect(unused).toEqual([])
})

test('names of media types are no names of shapes', () => {
  expect(Object.keys(mediaTypes).filter((name) => Object.hasOwn(schemas, name))).toEqual([])
})

function at(value: JsonObject, ...names: readonly string[]): JsonObject {
  return names.reduce((inner, name) => inner[name] as JsonObject, value)
}

function* referencesIn(value: Json): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [name, inner] of Object.entries(value)) {
    if (name === '$ref' && typeof inner === 'string') yield inner
    else yield* referencesIn(inner as Json)
  }
}
