// The requests that are put to the reference implementation when recording, and to ours when replaying.
import { catalogDifferences } from './http-differences.ts'
import { agentRequests } from './requests/agent.ts'
import { catalogRequests, deregisterRequests, healthRequests, registerRequests } from './requests/catalog.ts'
import { configDifferences, configRequests } from './requests/config.ts'
import { filterDifferences, filterRegistrations, filterRequests } from './requests/filters.ts'
import {
  coordinateOffRequests,
  coordinateRequests,
  eventDifferences,
  eventRequests,
} from './requests/event.ts'
import { kvRequests } from './requests/kv.ts'
import { readDifferences, readRegistrations, readRequests } from './requests/reads.ts'
import { localDifferences, localRequests, localVolatile } from './requests/local.ts'
import { queryDifferences, queryRequests, runRequests } from './requests/query.ts'
import { lockRequests, sessionDifferences, sessionRequests } from './requests/session.ts'
import { txnDifferences, txnRequests } from './requests/txn.ts'
import {
  operatorDifferences,
  operatorRequests,
  operatorSettings,
  operatorVolatile,
} from './requests/operator.ts'
import type { ParitySuite } from './requests/request.ts'
import {
  snapshotDifferences,
  snapshotRequests,
  snapshotSettings,
  snapshotVolatile,
} from './requests/snapshot.ts'

/** Headers that are recorded and compared. */
export const comparedHeaders: readonly string[] = [
  'age',
  'allow',
  'content-security-policy',
  'content-type',
  'location',
  'vary',
  'x-cache',
  'x-consul-effective-consistency',
  'x-consul-index',
  'x-consul-knownleader',
  'x-consul-lastcontact',
  'x-consul-reason',
  'x-content-type-options',
]

/** The agent that was asked; ours is set up alike. */
export const oracleNode = {
  id: '5e7b1f9e-0f5d-4d3a-9d7a-2f1c6b1f0a91',
  name: 's1',
  ip: '127.0.91.1',
} as const

/** All suites. Each has an agent of its own, so that one can be recorded anew without the others. */
export const paritySuites: readonly ParitySuite[] = [
  {
    name: 'catalog',
    files: {
      kv: kvRequests,
      register: registerRequests,
      catalog: catalogRequests,
      health: healthRequests,
      deregister: deregisterRequests,
      agent: agentRequests,
    },
    differences: catalogDifferences,
  },
  {
    name: 'session',
    files: { session: sessionRequests, lock: lockRequests },
    differences: sessionDifferences,
  },
  {
    name: 'operator',
    files: { operator: operatorRequests },
    settings: operatorSettings,
    volatile: operatorVolatile,
    differences: operatorDifferences,
  },
  {
    name: 'snapshot',
    files: { snapshot: snapshotRequests },
    settings: snapshotSettings,
    volatile: snapshotVolatile,
    differences: snapshotDifferences,
  },
  { name: 'config', files: { config: configRequests }, differences: configDifferences },
  { name: 'query', files: { query: queryRequests, 'query-run': runRequests }, differences: queryDifferences },
  {
    name: 'event',
    files: { event: eventRequests, coordinate: coordinateRequests },
    differences: eventDifferences,
    agent: 'disable_coordinates=false',
    hasRandomIndex: ({ path }) => path.startsWith('/v1/event/list'),
  },
  {
    name: 'no coordinates',
    files: { 'coordinate-off': coordinateOffRequests },
    differences: eventDifferences,
    settings: { hasCoordinates: false },
  },
  {
    name: 'local',
    files: { local: localRequests },
    volatile: localVolatile,
    differences: localDifferences,
  },
  { name: 'txn', files: { txn: txnRequests }, differences: txnDifferences },
  {
    name: 'filters',
    files: { filters: [...filterRegistrations, ...filterRequests] },
    differences: filterDifferences,
  },
  {
    name: 'reads',
    files: { reads: [...readRegistrations, ...readRequests] },
    differences: readDifferences,
  },
]
