// Starts the compiled program. An agent runs for long enough to begin with settings for its engine.
import { beginAnew } from '../runtime/bun/engine.ts'

await beginAnew('agent')
await import('./bun.ts')
