// Starts the program on Node.

import { main } from '../cli/main.ts'
import { nodeHost } from '../runtime/node.ts'

const host = nodeHost()
host.system.exit(await main(host))
