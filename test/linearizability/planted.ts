// Wrong answers put into histories, and a check by trying everything, to try the checker with.
import type { KvOperation } from './check.ts'
import { Contradiction, kvModel, type KvState } from './kv-model.ts'
import type { ReadEntry } from './kv-operations.ts'

/** Gives the first read after position `from` the answer of an older read of another value; the same if there is none. */
export function staleRead(history: readonly KvOperation[], from: number): readonly KvOperation[] {
  const at = history.findIndex((operation, i) => i >= from && olderAnswer(history, operation) !== undefined)
  const chosen = history[at]
  if (chosen === undefined) return history
  const entry = olderAnswer(history, chosen)
  if (entry === undefined) return history
  return history.with(at, { ...chosen, output: { kind: 'entry', entry } })
}

/** What an earlier, finished read of the same key saw, if a later one saw something else before this one began. */
function olderAnswer(history: readonly KvOperation[], read: KvOperation): ReadEntry | undefined {
  if (read.output?.kind !== 'entry' || read.output.entry === null) return undefined
  let newest = -1
  const older: ReadEntry[] = []
  for (const { input, output, returnedAt } of history) {
    if (input.kind !== 'get' || read.input.kind !== 'get' || input.key !== read.input.key) continue
    if (output?.kind !== 'entry' || output.entry === null || returnedAt >= read.calledAt) continue
    newest = Math.max(newest, output.entry.index)
    older.push(output.entry)
  }
  return older.find((entry) => entry.index < newest)
}

/** Whether some order of all completed operations and any of the others explains the answers, by trying all. */
export function isExplained(history: readonly KvOperation[]): boolean {
  try {
    const model = kvModel(history)
    const go = (state: KvState, left: readonly KvOperation[]): boolean => {
      if (left.every((operation) => operation.output === null)) return true
      const firstReturn = Math.min(...left.map((operation) => operation.returnedAt))
      return left.some((operation) => {
        if (operation.calledAt > firstReturn) return false
        const next = model.step(state, operation.input, operation.output)
        return (
          next !== null &&
          go(
            next,
            left.filter((other) => other !== operation),
          )
        )
      })
    }
    return go(model.initial, history)
  } catch (error) {
    if (error instanceof Contradiction) return false
    throw error
  }
}
