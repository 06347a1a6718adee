// One step of Vivaldi (Dabek, Cox, Kaashoek, Morris, SIGCOMM 2004) with heights, and Serf's gravity.
// Only + - * / and square roots, which every engine rounds alike: a run is the same everywhere.
import type { Random } from '../lib/random.ts'
import { coordinateDimensions, type Coordinate } from '../model/coordinate.ts'
import type { CoordinateConfig } from './config.ts'
import { distance, planarDistance, rawDistance } from './distance.ts'

/** No number of a coordinate that is taken in is larger than this, seconds. */
const componentMax = 1e6

/** The place of whoever knows nothing. */
export function originCoordinate(config: CoordinateConfig): Coordinate {
  const vec = Array.from({ length: coordinateDimensions }, () => 0)
  return { vec, error: config.errorMax, adjustment: 0, height: config.heightMin }
}

/** True for a place that can be reckoned with: the right number of finite numbers, none of them absurd. */
export function isValidCoordinate(coordinate: Coordinate): boolean {
  const { vec, error, adjustment, height } = coordinate
  return (
    vec.length === coordinateDimensions &&
    vec.every(isBounded) &&
    isBounded(error) &&
    error >= 0 &&
    isBounded(adjustment) &&
    isBounded(height) &&
    height >= 0
  )
}

/** False for NaN as well. */
function isBounded(value: number): boolean {
  return value >= -componentMax && value <= componentMax
}

/** One round trip to somebody. */
export interface Sample {
  readonly other: Coordinate
  /** Seconds. */
  readonly rtt: number
}

/**
 * Where a sample moves us (Vivaldi 3.4, figure 3, with the heights of 5.4).
 *
 * @param own   valid
 * @param random a direction for two that are at the same place
 * Bounds: O(dimensions). Errors: none; the caller looks whether the result is valid.
 */
export function vivaldiStep(
  own: Coordinate,
  sample: Sample,
  config: CoordinateConfig,
  random: Random,
): Coordinate {
  const rtt = Math.max(sample.rtt, config.rttMin)
  const predicted = distance(own, sample.other)
  const wrongness = Math.abs(predicted - rtt) / rtt
  // Whose word counts more: a sure node moves little for one that is not.
  const errors = Math.max(own.error + sample.other.error, config.rttMin)
  const weight = own.error / errors
  const gain = config.errorGain * weight
  const error = Math.min(config.errorMax, wrongness * gain + own.error * (1 - gain))
  const force = config.moveGain * weight * (rtt - predicted)
  return push({ ...own, error }, { from: sample.other, force }, config, random)
}

/**
 * Pulls a place towards the origin, the more the farther it is: without it all coordinates would drift together
 * (Serf's documentation; Ledlie, Gardner, Seltzer, NSDI 2007).
 */
export function gravitate(own: Coordinate, config: CoordinateConfig, random: Random): Coordinate {
  const origin = originCoordinate(config)
  const part = distance(origin, own) / config.gravityRho
  return push(own, { from: origin, force: -part * part }, config, random)
}

/** What the adjustment's mean is made of: how far the plain distance is from what was measured. */
export function adjustmentSample(own: Coordinate, sample: Sample): number {
  return sample.rtt - rawDistance(own, sample.other)
}

/** Moves a place away from another by `force` seconds, or towards it if that is negative. */
function push(
  own: Coordinate,
  { from, force }: { readonly from: Coordinate; readonly force: number },
  config: CoordinateConfig,
  random: Random,
): Coordinate {
  const planar = planarDistance(own, from)
  if (planar <= config.rttMin) {
    const direction = randomDirection(random)
    return { ...own, vec: own.vec.map((value, i) => value + (direction[i] ?? 0) * force) }
  }
  // Vivaldi 5.4: the unit vector is that of the whole distance, heights included; heights of both add up.
  const whole = planar + own.height + from.height
  const vec = own.vec.map((value, i) => value + ((value - (from.vec[i] ?? 0)) / whole) * force)
  const height = Math.max(config.heightMin, own.height + ((own.height + from.height) / whole) * force)
  return { ...own, vec, height }
}

/** A unit vector; Vivaldi 3.2: nodes that begin at one place must leave it in different directions. */
function randomDirection(random: Random): readonly number[] {
  const parts = Array.from({ length: coordinateDimensions }, () => random.between(-1_000_000, 1_000_000))
  const square = parts.reduce((sum, part) => sum + part * part, 0)
  if (square === 0) return parts.map((_, i) => (i === 0 ? 1 : 0))
  const length = Math.sqrt(square)
  return parts.map((part) => part / length)
}
