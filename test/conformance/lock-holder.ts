// Takes the lock on a path, says so by a file beside it, and waits to be killed. For the lock case.

import { nodeHost } from '../../src/runtime/node.ts'

const host = nodeHost()
const path = host.system.args[0] ?? ''
const lock = await host.files.lock(path)
if (lock === undefined) host.system.exit(1)
await host.files.write(`${path}.held`, new Uint8Array())
host.clock.wakeAt(host.clock.nowMs() + 60_000, () => host.system.exit(2))
