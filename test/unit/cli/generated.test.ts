// The documents made from the tables are those in the repository.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { generatedFiles } from '../../../scripts/generate/files.ts'

const root = new URL('../../../', import.meta.url)

test.each(generatedFiles().map(({ path, text }) => [path, text] as const))(
  '%s is fresh; if not, run node scripts/generate.ts',
  (path, text) => {
    expect(readFileSync(new URL(path, root), 'utf8')).toBe(text)
  },
)
