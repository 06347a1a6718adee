// SHA256SUMS and manifest.json over the executables of dist/: what install.sh verifies.
import { createHash } from 'node:crypto'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Stamp } from './bundle.ts'

/** One file of a release. */
export interface Artifact {
  /** Its name in dist/. */
  readonly name: string
  /** `linux-x64`. */
  readonly platform: string
}

/** Writes both files beside the artifacts, each whole or not at all. */
export function writeChecksums(directory: string, artifacts: readonly Artifact[], stamp: Stamp): void {
  const files = artifacts.map(({ name, platform }) => {
    const bytes = readFileSync(join(directory, name))
    return { name, platform, size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  })
  const sums = files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join('')
  writeWhole(join(directory, 'SHA256SUMS'), sums)
  const manifest = { product: 'proconsul', ...stamp, files }
  writeWhole(join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
}

function writeWhole(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}
