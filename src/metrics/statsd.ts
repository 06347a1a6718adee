// Lines of StatsD, statsite and DogStatsD: what was measured, gathered between two sends.
import type { Series, SeriesKind } from './series.ts'
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

/** What stands around the value in a line. */
interface Frame {
  readonly before: string
  readonly behind: string
}

/** Lines that gather: a gauge's last value, a counter's sum, each value of a sample. */
export class StatsdLines {
  readonly #style: StatsdStyle
  /** Made once for each series; those that a new filter drops go with them. */
  readonly #frames = new WeakMap<Series, Frame>()
  readonly #totals = new Map<Series, number>()
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

  add(series: Series, value: number): void {
    if (this.#bytes >= waitingBytesMax) {
      this.dropped++
      return
    }
    if (series.kind === 'sample') {
      const line = this.#line(series, value)
      this.#samples.push(line)
      this.#bytes += line.length
      return
    }
    const known = this.#totals.get(series)
    if (known === undefined) this.#bytes += series.key.length
    this.#totals.set(series, series.kind === 'gauge' ? value : (known ?? 0) + value)
  }

  /** Takes what has gathered, as pieces of whole lines of at most so many bytes. */
  take(bytesMax: number): readonly string[] {
    const lines = [...this.#totals].map(([series, value]) => this.#line(series, value))
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

  #line(series: Series, value: number): string {
    let frame = this.#frames.get(series)
    if (frame === undefined) {
      frame = frameOf(series, this.#style)
      this.#frames.set(series, frame)
    }
    return `${frame.before}${text(value)}${frame.behind}`
  }
}

function frameOf({ kind, name, labels }: Series, { withTags, tags }: StatsdStyle): Frame {
  if (!withTags) {
    return { before: `${flatName(name, Object.values(labels))}:`, behind: `|${types[kind]}\n` }
  }
  const own = Object.entries(labels).map(([key, value]) => `${key}:${value}`.replace(/[\s,|#]/g, '_'))
  const all = [...tags, ...own]
  const tagged = all.length === 0 ? '' : `|#${all.join(',')}`
  return { before: `${flatName(name, [])}:`, behind: `|${types[kind]}${tagged}\n` }
}

/** A value with at most six digits behind the point. */
function text(value: number): string {
  return Number.isInteger(value) ? String(value) : String(Number(value.toFixed(6)))
}
