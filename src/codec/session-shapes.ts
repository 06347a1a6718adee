// How sessions and the settings of operators look in CBOR: as they are in model/, read strictly.
import type { Indexes } from '../model/catalog.ts'
import type { AutopilotConfig, StoredAutopilotConfig } from '../model/operator.ts'
import type { Session, SessionBehavior, SessionInfo, SessionServiceCheck } from '../model/session.ts'
import { count, finite, flag, list, oneOf, pick, record, text, type Shape } from './shapes.ts'

const indexes = { createIndex: count, modifyIndex: count }

const sessionFields = {
  id: text,
  name: text,
  node: text,
  lockDelayNanos: count,
  behavior: oneOf<SessionBehavior>('release', 'delete'),
  ttl: text,
  ttlMs: count,
  nodeChecks: list(text),
  serviceChecks: list(record<SessionServiceCheck>({ id: text, namespace: text })),
}

const autopilotFields = {
  cleanupDeadServers: flag,
  lastContactThresholdNanos: finite,
  maxTrailingLogs: count,
  minQuorum: count,
  serverStabilizationTimeNanos: finite,
  redundancyZoneTag: text,
  disableUpgradeMigration: flag,
  upgradeVersionTag: text,
}

/** A session as it is created. */
export const sessionInfo: Shape<SessionInfo> = record<SessionInfo>(sessionFields)
/** A session as stored. */
export const storedSession: Shape<Session> = record<Session>({ ...sessionFields, ...indexes })
/** Autopilot's settings. */
export const autopilotConfig: Shape<AutopilotConfig> = record<AutopilotConfig>(autopilotFields)
/** Autopilot's settings as stored. */
export const storedAutopilot: Shape<StoredAutopilotConfig> = record<StoredAutopilotConfig>({
  ...autopilotFields,
  ...indexes,
})

/** The form of a session that CBOR carries. */
export function packSession(session: SessionInfo): object {
  const serviceChecks = session.serviceChecks.map(({ id, namespace }) => ({ id, namespace }))
  return { ...pick(sessionFields, session), serviceChecks }
}

/** The form of a session as stored. */
export function packStoredSession(session: Session): object {
  return { ...packSession(session), ...packIndexes(session) }
}

/** The form of autopilot's settings that CBOR carries. */
export function packAutopilot(config: AutopilotConfig): object {
  return pick(autopilotFields, config)
}

/** The form of autopilot's settings as stored. */
export function packStoredAutopilot(config: StoredAutopilotConfig): object {
  return { ...packAutopilot(config), ...packIndexes(config) }
}

function packIndexes({ createIndex, modifyIndex }: Indexes): Indexes {
  return { createIndex, modifyIndex }
}
