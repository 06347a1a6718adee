// docs/http.md is made from the table of routes.
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { httpReference } from '../../../src/http/reference.ts'

test('docs/http.md is up to date', async () => {
  await expect(httpReference()).toMatchFileSnapshot(join(import.meta.dirname, '../../../docs/http.md'))
})
