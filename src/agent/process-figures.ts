// What the process takes of its machine, as all client libraries of Prometheus tell it.
import { Series } from '../metrics/series.ts'
import type { Host } from '../runtime/host.ts'

/** What a process takes. Null is what the system does not tell. */
export interface ProcessFigures {
  readonly cpuSeconds: number
  readonly residentBytes: number
  readonly startWallMs: number
  readonly openFiles: number | null
  readonly openFilesMax: number | null
}

/** Reads the figures of this process, which has run since `startWallMs`; proc(5). */
export async function readProcessFigures(
  { system, files }: Pick<Host, 'system' | 'files'>,
  startWallMs: number,
): Promise<ProcessFigures> {
  const { residentBytes, cpuMicros } = system.usage()
  const [open, limits] = await Promise.all([
    files.list('/proc/self/fd').catch(() => null),
    files.read('/proc/self/limits').catch(() => null),
  ])
  const limit = limits === null ? null : /^Max open files +(\d+)/m.exec(new TextDecoder().decode(limits))
  return {
    cpuSeconds: cpuMicros / 1e6,
    residentBytes,
    startWallMs,
    openFiles: open?.length ?? null,
    openFilesMax: limit === null ? null : Number(limit[1]),
  }
}

/** The figures as series, without our prefix. */
export function processSeries(figures: ProcessFigures): readonly Series[] {
  const { cpuSeconds, residentBytes, startWallMs, openFiles, openFilesMax } = figures
  const cpu = new Series('counter', 'process_cpu_seconds_total', {})
  cpu.add(cpuSeconds)
  return [
    cpu,
    gaugeOf('process_resident_memory_bytes', residentBytes),
    gaugeOf('process_start_time_seconds', startWallMs / 1000),
    ...(openFiles === null ? [] : [gaugeOf('process_open_fds', openFiles)]),
    ...(openFilesMax === null ? [] : [gaugeOf('process_max_fds', openFilesMax)]),
  ]
}

function gaugeOf(name: string, value: number): Series {
  const series = new Series('gauge', name, {})
  series.value = value
  return series
}
