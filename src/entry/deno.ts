// Starts the program on Deno.

import { main } from '../cli/main.ts'
import { denoHost } from '../runtime/deno.ts'

const host = denoHost()
host.system.exit(await main(host))
