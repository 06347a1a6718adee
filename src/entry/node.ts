// Starts the program on Node.

import { nodeHost } from '../runtime/node.ts'
import { main } from '../cli/main.ts'

const host = nodeHost()
host.system.exit(await main(host))
