// How commands write: aligned tables, the reference's JSON, colour where a person looks on.
import type { Host } from '../runtime/host.ts'

/**
 * Renders rows as columns with two spaces between them, each as wide as its widest cell; no blanks at line ends.
 *
 * `paint` may colour a cell after its width is settled.
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  paint: (cell: string, row: number, column: number) => string = (cell) => cell,
): string {
  const widths: number[] = []
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell))
  }
  const lines = rows.map((row, y) => {
    const last = row.findLastIndex((cell) => cell !== '')
    const cells = row.slice(0, last + 1).map((cell, x) => {
      const padding = x === last ? '' : ' '.repeat((widths[x] ?? 0) - widthOf(cell) + 2)
      return paint(cell, y, x) + padding
    })
    return cells.join('')
  })
  return lines.join('\n')
}

/** Characters of a text as a terminal counts them, near enough: code points. */
function widthOf(text: string): number {
  return Array.from(text).length
}

/** JSON with an indent, as the reference prints it. A bigint becomes a number with all its digits. */
export function renderJson(value: unknown, indent: number | string = 4): string {
  return renderAt(value, typeof indent === 'number' ? ' '.repeat(indent) : indent, '\n')
}

function renderAt(value: unknown, step: string, lineStart: string): string {
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const inner = lineStart + step
  const isList = Array.isArray(value)
  const items = isList
    ? value.map((item) => renderAt(item, step, inner))
    : Object.entries(value)
        .filter(([, item]) => item !== undefined)
        .map(([key, item]) => `${JSON.stringify(key)}: ${renderAt(item, step, inner)}`)
  if (items.length === 0) return isList ? '[]' : '{}'
  return `${isList ? '[' : '{'}${inner}${items.join(`,${inner}`)}${lineStart}${isList ? ']' : '}'}`
}

const codes = { red: 31, green: 32, yellow: 33, grey: 90 } as const

/** A colour of the terminal's own palette. */
export type Colour = keyof typeof codes

/** Colours text when a terminal shows it and NO_COLOR (no-color.org) is not set; else leaves it alone. */
export function painter(host: Pick<Host, 'console' | 'system'>): (colour: Colour, text: string) => string {
  const { env } = host.system
  const isOn = host.console.isTerminal && (env['NO_COLOR'] ?? '') === '' && env['TERM'] !== 'dumb'
  return (colour, text) => (isOn ? `\u001b[${codes[colour]}m${text}\u001b[0m` : text)
}

/** Wraps text at blanks. */
export function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > width) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  if (line !== '') lines.push(indent + line)
  return lines.join('\n')
}
