// Problems of a configuration as text: one in a line, several as a list.
import type { ConfigProblem } from '../config/values.ts'

/** `title: problem`, or the title with a line for each problem. */
export function renderProblems(title: string, problems: readonly ConfigProblem[]): string {
  const lines = problems.map(({ source, message }) => (source === '' ? message : `${message} (${source})`))
  if (lines.length === 1) return `${title}: ${lines[0] ?? ''}`
  return [`${title}, ${lines.length} problems:`, ...lines.map((line) => `  * ${line}`)].join('\n')
}
