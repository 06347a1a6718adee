// The host on Bun: the base host, with the parts replaced that Bun's own interfaces do measurably better.

import type { Host } from './host.ts'
import { nodeHost } from './node.ts'

/** Makes the host of this process on Bun. */
export function bunHost(): Host {
  return { ...nodeHost(), runtime: 'bun' }
}
