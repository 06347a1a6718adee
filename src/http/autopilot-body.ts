// The body of `PUT /v1/operator/autopilot/configuration` as settings. What it leaves out is zero, as in the reference.
import { parseDuration } from '../lib/durations.ts'
import type { Json } from '../model/catalog.ts'
import type { AutopilotConfig } from '../model/operator.ts'
import { type Reader, bool, required, struct, text } from '../definition/decode.ts'
import { mismatch } from '../definition/misfit.ts'
import { decodeBody, decodeFailure } from './decode.ts'
import { Refusal, badRequest } from './errors.ts'

/** Reads settings. Throws Refusal (400) with the reference's text. */
export function decodeAutopilotConfig(body: string): AutopilotConfig {
  const given = decode(body)
  return {
    cleanupDeadServers: given.CleanupDeadServers,
    lastContactThresholdNanos: given.LastContactThreshold,
    maxTrailingLogs: given.MaxTrailingLogs,
    minQuorum: given.MinQuorum,
    serverStabilizationTimeNanos: given.ServerStabilizationTime,
    redundancyZoneTag: given.RedundancyZoneTag,
    disableUpgradeMigration: given.DisableUpgradeMigration,
    upgradeVersionTag: given.UpgradeVersionTag,
  }
}

const prefix = 'Request decode failed: '

function decode(body: string): GivenConfig {
  try {
    return decodeBody(body, required(config))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const reason = error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message
    throw badRequest(`Error parsing autopilot config: ${reason}`)
  }
}

/** A number that is not negative. */
function unsigned(goType: string): Reader<number> {
  return (value, at) => {
    if (value === null) return 0
    if (typeof value !== 'number') throw mismatch(value, at, goType)
    if (!Number.isSafeInteger(value) || value < 0) throw mismatch(value, at, goType, String(value))
    return value
  }
}

/** A duration in text, or a number of nanoseconds. */
const duration: Reader<number> = (value) => {
  if (value === null) return 0
  if (typeof value === 'number') return inRange(Math.trunc(value), value)
  if (typeof value !== 'string') {
    throw decodeFailure(`strconv.ParseFloat: parsing ${JSON.stringify(shown(value))}: invalid syntax`)
  }
  const nanos = parseDuration(value)
  if (nanos === undefined) throw decodeFailure(durationProblem(value))
  return inRange(nanos, value)
}

/** Integers that are exact end at some 2,500 hours. */
const durationNanosMax = 2400 * 3600e9

function inRange(nanos: number, given: Json): number {
  if (Math.abs(nanos) <= durationNanosMax) return nanos
  throw decodeFailure(`invalid duration ${JSON.stringify(given)}: it must be 2400h at most`)
}

function shown(value: Json): string {
  return JSON.stringify(value)
}

/** Why a text is no duration, in Go's words. */
function durationProblem(given: string): string {
  if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(given)) return `time: missing unit in duration ${JSON.stringify(given)}`
  const unit = /^[+-]?(?:\d+\.?\d*|\.\d+)([^\d.]+)$/.exec(given)?.[1]
  if (unit === undefined) return `time: invalid duration ${JSON.stringify(given)}`
  return `time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(given)}`
}

interface GivenConfig {
  readonly CleanupDeadServers: boolean
  readonly LastContactThreshold: number
  readonly MaxTrailingLogs: number
  readonly MinQuorum: number
  readonly ServerStabilizationTime: number
  readonly RedundancyZoneTag: string
  readonly DisableUpgradeMigration: boolean
  readonly UpgradeVersionTag: string
  readonly CreateIndex: number
  readonly ModifyIndex: number
}

const config = struct<GivenConfig>(
  {
    CleanupDeadServers: bool,
    LastContactThreshold: duration,
    MaxTrailingLogs: unsigned('uint64'),
    MinQuorum: unsigned('uint'),
    ServerStabilizationTime: duration,
    RedundancyZoneTag: text(),
    DisableUpgradeMigration: bool,
    UpgradeVersionTag: text(),
    CreateIndex: unsigned('uint64'),
    ModifyIndex: unsigned('uint64'),
  },
  { goType: 'api.AutopilotConfiguration' },
)
