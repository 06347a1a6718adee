// The short form of scripts/faults: five real servers under faults for half a minute, and every answer explained.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { root } from './harness.ts'

const main = join(root, 'test/faults/main.ts')
const ran = spawnSync(process.execPath, [main, '--minutes', '0.4', '--seed', '1'], { stdio: 'inherit' })
process.exit(ran.status ?? 1)
