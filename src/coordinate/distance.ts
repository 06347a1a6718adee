// How far apart two places are: the round-trip time that their coordinates predict.
import type { Coordinate } from '../model/coordinate.ts'

/** Distance in the space alone, seconds. Numbers that one of them lacks count as 0. */
export function planarDistance(a: Coordinate, b: Coordinate): number {
  const length = Math.max(a.vec.length, b.vec.length)
  let sum = 0
  for (let i = 0; i < length; i++) {
    const difference = (a.vec[i] ?? 0) - (b.vec[i] ?? 0)
    sum += difference * difference
  }
  return Math.sqrt(sum)
}

/** Distance without the adjustments: over the space, and up to it and down from it (Vivaldi 5.4). The same both ways. */
export function rawDistance(a: Coordinate, b: Coordinate): number {
  return planarDistance(a, b) + (a.height + b.height)
}

/**
 * The predicted round-trip time between two places, seconds.
 *
 * The adjustments count as long as they leave a distance (Serf's documentation: they are hints, and may be negative).
 */
export function distance(a: Coordinate, b: Coordinate): number {
  const raw = rawDistance(a, b)
  const adjusted = raw + (a.adjustment + b.adjustment)
  return adjusted > 0 ? adjusted : raw
}
