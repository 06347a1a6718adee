// Must fail to compile under test/tidy/canary.tsconfig.json, on every line of the list. If a line compiles, a type of
// some runtime has leaked into the pure project.
import { readFileSync } from 'node:fs'

/** Names that exist in a runtime but not in the language. */
export const impure: readonly unknown[] = [
  readFileSync,
  setTimeout,
  setInterval,
  setImmediate,
  queueMicrotask,
  process,
  console,
  fetch,
  crypto,
  performance,
  structuredClone,
  URL,
  TextEncoder,
  TextDecoder,
  AbortController,
  Buffer,
]
