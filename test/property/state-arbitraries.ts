// Histories of commands of every kind, over names so few that they meet often.
import fc from 'fast-check'
import type { CheckStatus, JsonObject, ServiceInfo } from '../../src/model/catalog.ts'
import type { Command } from '../../src/model/command.ts'
import type { TxnOperation } from '../../src/model/transaction.ts'
import { bytesOf, check, node, register, service, session } from '../unit/state/fixtures.ts'
import { autopilot, nodeCoordinate, preparedQuery } from '../unit/codec/samples.ts'

const key = fc.constantFrom('a', 'a/b', 'a/b/c', 'a/bb', 'b', 'B')
const value = fc.constantFrom('', 'x', 'y').map(bytesOf)
const flags = fc.constantFrom(0n, 1n, 2n ** 64n - 1n)
const expectedIndex = fc.nat(20)
const ttlMs = fc.constantFrom(0, 0, 10, 40)
const sessionId = fc.constantFrom('s1', 's2', 'S3')
const serviceId = fc.constantFrom('s1', 's2', 'S1')
const status = fc.constantFrom<CheckStatus>('passing', 'warning', 'critical')
const write = { key, value, flags, ttlMs }
const prefix = fc.constantFrom('a/', 'a', 'zz')

/** Changes of keys. */
export const kvCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({ kind: fc.constant('kvSet' as const), ...write }),
  fc.record({ kind: fc.constant('kvCas' as const), ...write, expectedIndex }),
  fc.record({ kind: fc.constant('kvDelete' as const), key }),
  fc.record({ kind: fc.constant('kvDeleteCas' as const), key, expectedIndex }),
  fc.record({ kind: fc.constant('kvDeleteTree' as const), prefix }),
  fc.record({ kind: fc.constant('kvExpire' as const), key, modifyIndex: expectedIndex }),
)

/** Sessions and locks. */
export const lockCommand: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({
      node: fc.constantFrom('n1', 'n2'),
      lockDelayNanos: fc.constantFrom(0, 20e6),
      behavior: fc.constantFrom('release' as const, 'delete' as const),
      ttlMs: fc.constantFrom(0, 10_000),
      nodeChecks: fc.constantFrom<readonly string[]>([], ['c1']),
      serviceChecks: fc.constantFrom([], [{ id: 'c2', namespace: '' }]),
      id: sessionId,
    })
    .map(({ id, ...over }) => session(id, over)),
  fc.record({ kind: fc.constant('sessionDestroy' as const), id: sessionId }),
  fc.record({ kind: fc.constant('kvAcquire' as const), ...write, session: sessionId }),
  fc.record({ kind: fc.constant('kvAcquire' as const), ...write, session: sessionId }),
  fc.record({ kind: fc.constant('kvRelease' as const), ...write, session: sessionId }),
)

/** Registrations, and their end. */
export const catalogCommand: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({
      name: fc.constantFrom('n1', 'n2', 'N1', 'n3'),
      id: fc.constantFrom('', '', 'id-1', 'id-2'),
      address: fc.constantFrom('10.0.0.1', '10.0.0.2'),
      service: fc.option(
        fc.record({
          name: fc.constantFrom('web', 'db', 'Web'),
          id: serviceId,
          port: fc.nat(1),
          front: fc.constantFrom<Partial<ServiceInfo>>(
            {},
            {},
            { kind: 'connect-proxy', proxy: { DestinationServiceName: 'web' } },
            { kind: 'connect-proxy', proxy: { DestinationServiceName: 'Db' } },
            { connect: { Native: true } },
          ),
        }),
      ),
      checks: fc.uniqueArray(
        fc.record({
          id: fc.constantFrom('serfHealth', 'c1', 'c2'),
          status,
          of: fc.constantFrom('', 's1', 's2'),
        }),
        { maxLength: 2, selector: ({ id }) => id },
      ),
      skipNodeUpdate: fc.boolean(),
    })
    .map((draw) =>
      register(node(draw.name, { id: draw.id, address: draw.address }), {
        service:
          draw.service === null
            ? null
            : service(draw.service.name, {
                id: draw.service.id,
                port: draw.service.port,
                ...draw.service.front,
              }),
        checks: draw.checks.map((each) => check(each.id, each.status, { serviceId: each.of })),
        skipNodeUpdate: draw.skipNodeUpdate,
      }),
    ),
  fc.record({
    kind: fc.constant('deregister' as const),
    node: fc.constantFrom('n1', 'n2', 'N1', 'n3'),
    serviceId: fc.constantFrom('', 's1', 's2'),
    checkId: fc.constantFrom('', 'c1'),
  }),
)

/** Operations of transactions on keys, and the end of sessions. */
export const kvOperation: fc.Arbitrary<TxnOperation> = fc.oneof(
  fc.record({
    kind: fc.constant('kv' as const),
    verb: fc.constantFrom(
      'set',
      'cas',
      'lock',
      'unlock',
      'get',
      'get-or-empty',
      'get-tree',
      'check-index',
      'check-session',
      'check-not-exists',
      'delete',
      'delete-tree',
      'delete-cas',
    ),
    key,
    value,
    flags,
    index: expectedIndex,
    session: sessionId,
  }),
  fc.record({
    kind: fc.constant('session' as const),
    verb: fc.constant('delete' as const),
    session: sessionId,
  }),
)

const catalogVerb = fc.constantFrom('get', 'set', 'cas', 'delete', 'delete-cas')
const catalogOperation: fc.Arbitrary<TxnOperation> = fc.oneof(
  fc.record({
    kind: fc.constant('node' as const),
    verb: catalogVerb,
    node: fc.constantFrom('n1', 'n2').map((name) => node(name)),
    index: expectedIndex,
  }),
  fc.record({
    kind: fc.constant('service' as const),
    verb: catalogVerb,
    node: fc.constantFrom('n1', 'n2'),
    service: serviceId.map((id) => service('web', { id })),
    index: expectedIndex,
  }),
  fc.record({
    kind: fc.constant('check' as const),
    verb: catalogVerb,
    check: fc
      .record({ id: fc.constantFrom('c1', 'c2'), status, of: fc.constantFrom('', 's1') })
      .map((draw) => check(draw.id, draw.status, { node: 'n1', serviceId: draw.of })),
    index: expectedIndex,
  }),
)

/** Transactions. */
export const txnCommand: fc.Arbitrary<Command> = fc.record({
  kind: fc.constant('txn' as const),
  operations: fc.array(fc.oneof({ weight: 3, arbitrary: kvOperation }, catalogOperation), { maxLength: 4 }),
})

const operatorCommand: fc.Arbitrary<Command> = fc.oneof(
  fc.record({
    kind: fc.constant('autopilotSet' as const),
    config: fc.nat(2).map((minQuorum) => ({ ...autopilot, minQuorum })),
    expectedIndex: fc.option(expectedIndex),
  }),
  fc.record({
    kind: fc.constant('setKvHistory' as const),
    versionsMax: fc.nat(3),
    ageMs: fc.constantFrom(10, 100),
  }),
  fc.constant({ kind: 'pruneKvHistory' } as const),
  fc.constant({ kind: 'setClusterId', id: 'c' } as const),
)

const { createIndex: _createIndex, modifyIndex: _modifyIndex, ...query } = preparedQuery

/** Prepared queries. */
export const queryCommand: fc.Arbitrary<Command> = fc.oneof(
  fc
    .record({
      id: fc.constantFrom('q1', 'q2', 'Q2', 'q3'),
      name: fc.constantFrom('', 'a', 'A', 'ab', 'b', 'q1'),
      session: fc.constantFrom('', '', 's1', 's2'),
      isTemplate: fc.boolean(),
    })
    .map(({ isTemplate, ...over }) => ({
      kind: 'preparedQuerySet' as const,
      query: { ...query, ...over, template: isTemplate ? query.template : null },
    })),
  fc.record({ kind: fc.constant('preparedQueryDelete' as const), id: fc.constantFrom('q1', 'Q2', 'q3') }),
)

const coordinatesCommand: fc.Arbitrary<Command> = fc
  .array(fc.record({ node: fc.constantFrom('n1', 'N2', 'n9'), far: fc.nat(3) }), { maxLength: 3 })
  .map((updates) => ({
    kind: 'coordinates' as const,
    updates: updates.map(({ node: name, far }) => ({
      node: name,
      coordinate: { ...nodeCoordinate.coordinate, vec: [far, 0, 0, 0, 0, 0, 0, 0] },
    })),
  }))

const entry = {
  configKind: fc.constantFrom('service-defaults', 'service-router', 'service-resolver', 'proxy-defaults'),
  name: fc.constantFrom('web', 'Web', 'db', 'global'),
  expectedIndex: fc.option(expectedIndex),
}

function exporting(Name: string): Command {
  const body = { Services: [{ Name, Consumers: [{ Peer: 'east' }] }] }
  return {
    kind: 'configEntrySet',
    configKind: 'exported-services',
    name: 'default',
    body,
    expectedIndex: null,
  }
}

/** Configuration entries. */
export const entryCommand: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('configEntrySet' as const),
      ...entry,
      body: fc.constantFrom<JsonObject>(
        { Protocol: 'http' },
        { Protocol: 'tcp', Config: { protocol: 'http' } },
        { Routes: [{ Destination: { Service: 'db' } }], Redirect: { Service: 'web' } },
        { Subsets: { v1: {} }, Failover: { '*': { Service: 'web', ServiceSubset: 'v1' } } },
        {},
      ),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('configEntryDelete' as const), ...entry }) },
  { weight: 1, arbitrary: fc.constantFrom('*', 'web').map(exporting) },
)

const simple = fc.oneof(
  { weight: 4, arbitrary: kvCommand },
  { weight: 4, arbitrary: lockCommand },
  { weight: 3, arbitrary: catalogCommand },
  { weight: 2, arbitrary: txnCommand },
  { weight: 1, arbitrary: operatorCommand },
  { weight: 2, arbitrary: queryCommand },
  { weight: 1, arbitrary: coordinatesCommand },
  { weight: 2, arbitrary: entryCommand },
) as fc.Arbitrary<Exclude<Command, { kind: 'batch' }>>

/** Any command but those of restores. */
export const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 12, arbitrary: simple },
  { weight: 1, arbitrary: fc.constant({ kind: 'raiseIndexes', by: 7 } as const) },
  {
    weight: 1,
    arbitrary: fc.array(simple, { maxLength: 4 }).map((commands): Command => ({ kind: 'batch', commands })),
  },
)

/** Nodes and checks that sessions need, and sessions. */
export const prelude: readonly Command[] = [
  register(node('n1'), { checks: [check('c1', 'passing'), check('c2', 'passing')] }),
  register(node('n2'), { checks: [check('c1', 'passing'), check('c2', 'passing')] }),
  session('s1', { nodeChecks: ['c1'] }),
  session('s2', { node: 'n2', lockDelayNanos: 20e6, behavior: 'delete' }),
  session('S3', { serviceChecks: [{ id: 'c2', namespace: '' }] }),
]

/** A command at its entry's time. */
export interface Timed {
  readonly command: Command
  readonly wallMs: number
}

/** A history: commands at times that go back now and then, as leaders' clocks differ. */
export function history(
  of: fc.Arbitrary<Command>,
  maxLength: number,
  minLength = 0,
): fc.Arbitrary<readonly Timed[]> {
  const step = fc.record({ command: of, stepMs: fc.constantFrom(0, 0, 5, 30, -3) })
  // As long as they may be: by itself fast-check draws short ones, in which sessions hardly ever come about.
  return fc.array(step, { minLength, maxLength, size: 'max' }).map((steps) => {
    let wallMs = 1000
    return steps.map(({ command: each, stepMs }) => ({ command: each, wallMs: (wallMs += stepMs) }))
  })
}
