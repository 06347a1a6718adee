// The layer table holds for every import of src/ and build/, and the check reports what is planted.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { importsOf, layers, layerViolations, runtimeViolations } from './layers.ts'
import { root, typescriptBelow } from './source.ts'

const files = typescriptBelow('src', 'build')

describe('the repository', () => {
  test('imports only along the arrows of the table', () => {
    expect(files.flatMap(layerViolations)).toEqual([])
  })

  test('names a runtime only in the three hosts', () => {
    expect(files.flatMap(runtimeViolations)).toEqual([])
  })

  test('has a row in the table for every folder of src/', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true })
    expect(folders.filter((entry) => entry.isFile()).map((entry) => entry.name)).toEqual([])
    expect(folders.map((entry) => entry.name).filter((name) => layers[name] === undefined)).toEqual([])
  })
})

const planted: readonly (readonly [path: string, text: string, problem: string])[] = [
  ['src/gossip/a.ts', `import type { Entry } from '../raft/message.ts'`, 'gossip/ may import lib, model'],
  ['src/raft/a.ts', `import { b } from '../gossip/b.ts'`, 'raft/ may import lib, model'],
  ['src/lib/a.ts', `export { b } from '../model/b.ts'`, 'lib/ may import nothing'],
  ['src/model/a.ts', `import {\n  b,\n  c,\n} from '../state/b.ts'`, 'model/ may import lib'],
  ['src/codec/a.ts', `import { b } from '../raft/message.ts'`, 'codec/ may import'],
  ['src/cli/a.ts', `import { b } from '../http/app.ts'`, 'cli/ may import'],
  ['src/agent/a.ts', `const b = await import('../cli/main.ts')`, 'agent/ may import'],
  ['src/agent/a.ts', `import { nodeHost } from '../runtime/node.ts'`, 'agent/ may import'],
  ['src/agent/a.ts', `import { world } from '../../test/sim/world.ts'`, 'src/ may import only src/'],
  ['src/new/a.ts', `import { b } from '../lib/b.ts'`, 'folder "new" is not in the table'],
  ['src/agent/a.ts', `import { readFileSync } from 'node:fs'`, 'may name a runtime'],
  ['src/runtime/host.ts', `import 'bun:sqlite'`, 'may name a runtime'],
  ['src/agent/a.ts', `import { encode } from 'cbor-x/encode'`, 'only codec may import "cbor-x"'],
  ['src/agent/a.ts', `import { Hono } from 'hono'`, 'only http may import "hono"'],
  ['src/http/a.ts', `import packet from 'dns-packet'`, 'only dns may import "dns-packet"'],
  ['src/agent/a.ts', `import { cac } from 'cac'`, 'only cli may import "cac"'],
  ['src/agent/a.ts', `import left from 'left-pad'`, 'package "left-pad" is not in the table'],
  ['build/a.ts', `import { version } from '../src/model/version.ts'`, 'build/ may name a path'],
]

describe('a planted import', () => {
  test.each(planted)('%s: %s', (path, text, problem) => {
    const [found, ...more] = layerViolations({ path, text })
    expect(found).toContain(problem)
    expect(more).toEqual([])
  })

  test('is reported with its line', () => {
    const text = `// header\n\nimport { a } from './a.ts'\nimport { b } from '../raft/raft.ts'\n`
    expect(layerViolations({ path: 'src/gossip/a.ts', text })).toEqual([
      'src/gossip/a.ts:4 Cannot import "../raft/raft.ts": gossip/ may import lib, model',
    ])
  })

  test('in a comment is none', () => {
    expect(importsOf(`// import { a } from '../a.ts'\n/** import('b') */\nconst c = 1`)).toEqual([])
  })
})

test.each(['Bun.file("x")', 'Deno.args', 'process.exit(1)', 'require("fs")'])('a planted %s', (code) => {
  expect(runtimeViolations({ path: 'src/agent/a.ts', text: code })).toHaveLength(1)
  expect(runtimeViolations({ path: 'src/runtime/node/a.ts', text: code })).toEqual([])
})

test('a runtime named in a string or as a property is none', () => {
  const text = `const a = 'Bun.serve'\nhost.process.exit(1)\nprocesses.run(x)`
  expect(runtimeViolations({ path: 'src/agent/a.ts', text })).toEqual([])
})
