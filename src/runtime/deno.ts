// The host on Deno: the base host, with the parts replaced that Deno's own interfaces do measurably better.

import type { Host } from './host.ts'
import { nodeHost } from './node.ts'

/** Makes the host of this process on Deno. */
export function denoHost(): Host {
  return { ...nodeHost(), runtime: 'deno' }
}
