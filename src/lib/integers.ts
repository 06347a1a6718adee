// Logarithms as integers: engines differ in the last digit of Math.log, and protocol code must not.

/** 10^(1/1000), the ratio between two neighbours of the table. */
const stepRatio = 1.0023052380778996

/** `thresholds[i]` is 10^(i/1000): only multiplications, so that every engine builds the same table. */
const thresholds: Float64Array = buildThresholds()

function buildThresholds(): Float64Array {
  const table = new Float64Array(1000)
  let value = 1
  for (let i = 0; i < table.length; i++) {
    table[i] = value
    value *= stepRatio
  }
  return table
}

/**
 * 1000 × log10(n), rounded down: 23 gives 1361.
 *
 * @param n an integer ≥ 1; anything smaller counts as 1
 */
export function log10PerMille(n: number): number {
  let exponent = 0
  let power = 1
  while (power * 10 <= n) {
    power *= 10
    exponent++
  }
  const mantissa = n / power
  let low = 0
  let high = thresholds.length - 1
  while (low < high) {
    const middle = Math.floor((low + high + 1) / 2)
    if ((thresholds[middle] ?? Infinity) <= mantissa) low = middle
    else high = middle - 1
  }
  return exponent * 1000 + low
}

/** log10(n) rounded up to a whole number; 0 for n ≤ 1. */
export function log10Ceil(n: number): number {
  let exponent = 0
  for (let power = 1; power < n; power *= 10) exponent++
  return exponent
}

/**
 * log2(numerator / denominator) rounded up to a whole number; 0 when the quotient is at most 1.
 *
 * @param numerator   an integer ≥ 0
 * @param denominator an integer ≥ 1
 */
export function log2CeilOfRatio(numerator: number, denominator: number): number {
  let exponent = 0
  for (let scaled = denominator; scaled < numerator; scaled *= 2) exponent++
  return exponent
}
