// The host on Deno: the base host as it is. Deno's own server was tried and left (DESIGN.md, decision 4).

import type { Host } from './host.ts'
import { nodeHost } from './node.ts'

/** Makes the host of this process on Deno. */
export function denoHost(): Host {
  return { ...nodeHost(), runtime: 'deno' }
}
