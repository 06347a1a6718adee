// Lines of StatsD, statsite and DogStatsD: what was measured, gathered between two sends.
import { type Labels, type SeriesKind, seriesKey } from './series.ts'
import { flatName } from './view.ts'

/** How labels are written: into the name, or as DogStatsD's tags. */
export interface StatsdStyle {
  readonly withTags: boolean
  /** Tags of all metrics, `key:value`. */
  readonly tags: readonly string[]
}

const types: Readonly<Record<SeriesKind, string>> = { gauge: 'g', counter: 'c', sample: 'ms' }

/** Bytes of lines that wait to be sent. Past it values are dropped and counted: a dead sink must not cost memory. */
const waitingBytesMax = 256 * 1024

/** Lines that gather: a gauge's last value, a counter's sum, each value of a sample. */
export class StatsdLines {
  readonly #style: StatsdStyle
  readonly #totals = new Map<string, { readonly head: string; readonly type: string; value: number }>()
  #samples: string[] = []
  #bytes = 0
  /** Values that were not kept. */
  dropped = 0

  constructor(style: StatsdStyle) {
    this.#style = style
  }

  get isEmpty(): boolean {
    return this.#totals.size === 0 && this.#samples.length === 0
  }

  add(kind: SeriesKind, name: string, labels: Labels, value: number): void {
    if (this.#bytes >= waitingBytesMax) {
      this.dropped++
      return
    }
    if (kind === 'sample') {
      const line = this.#line(this.#head(name, labels), value, types.sample, labels)
      this.#samples.push(line)
      this.#bytes += line.length
      return
    }
    const key = seriesKey(kind, name, labels)
    const known = this.#totals.get(key)
    if (known !== undefined) {
      known.value = kind === 'gauge' ? value : known.value + value
      return
    }
    this.#totals.set(key, { head: this.#head(name, labels), type: this.#type(kind, labels), value })
    this.#bytes += key.length
  }

  /** Takes what has gathered, as pieces of whole lines of at most so many bytes. */
  take(bytesMax: number): readonly string[] {
    const lines = [...this.#totals.values()].map(
      ({ head, type, value }) => `${head}:${text(value)}|${type}\n`,
    )
    lines.push(...this.#samples)
    this.#totals.clear()
    this.#samples = []
    this.#bytes = 0
    const pieces: string[] = []
    let piece = ''
    for (const line of lines) {
      if (piece.length > 0 && piece.length + line.length > bytesMax) {
        pieces.push(piece)
        piece = ''
      }
      piece += line
    }
    if (piece.length > 0) pieces.push(piece)
    return pieces
  }

  #head(name: string, labels: Labels): string {
    return this.#style.withTags ? flatName(name, []) : flatName(name, Object.values(labels))
  }

  #line(head: string, value: number, type: string, labels: Labels): string {
    return `${head}:${text(value)}|${type}${this.#tags(labels)}\n`
  }

  #type(kind: SeriesKind, labels: Labels): string {
    return `${types[kind]}${this.#tags(labels)}`
  }

  #tags(labels: Labels): string {
    if (!this.#style.withTags) return ''
    const own = Object.entries(labels).map(([key, value]) => `${key}:${value}`.replace(/[\s,|#]/g, '_'))
    const all = [...this.#style.tags, ...own]
    return all.length === 0 ? '' : `|#${all.join(',')}`
  }
}

/** A value with at most six digits behind the point. */
function text(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(6)))
}
