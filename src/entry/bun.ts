// Starts the program on Bun.

import { main } from '../cli/main.ts'
import { bunHost } from '../runtime/bun.ts'

const host = bunHost()
host.system.exit(await main(host))
