// Bodies of services and checks that are refused, each for one reason or for the first of several.

/** A body. */
export const json = (value: unknown): string => JSON.stringify(value)

/** A check that says nothing by itself, with more fields. */
export const ttl = (more: Readonly<Record<string, unknown>> = {}): object => ({ TTL: '1h', ...more })

/** A check of HTTP that is not run while the list is recorded. */
export const http = (more: Readonly<Record<string, unknown>> = {}): object => ({
  HTTP: 'http://127.0.0.1:1',
  Interval: '1h',
  ...more,
})

/** Services that do not fit, or break a rule. */
export const refusedServices: readonly string[] = [
  '',
  '{',
  '{}',
  'null',
  json({ ID: 'x' }),
  json({ Name: '' }),
  json({ Name: 5 }),
  json({ Name: 'x', Foo: 1 }),
  json({ Name: 'x', Foo: 1, Port: 'y' }),
  json({ Name: 'x', Port: 'y', Foo: 1 }),
  json({ Name: 'x', CreateIndex: 5 }),
  json({ Service: 'x' }),
  json({ Name: 'x', ID: 5 }),
  json({ Name: 'x', Kind: 5 }),
  json({ Name: 'x', Tags: 'a' }),
  json({ Name: 'x', Tags: [1] }),
  json({ Name: 'x', Port: '80' }),
  json({ Name: 'x', Port: 1.5 }),
  json({ Name: 'x', Token: 5 }),
  json({ Name: 'x', EnableTagOverride: 'yes' }),
  json({ Name: 'x', Meta: { a: 1 } }),
  json({ Name: 'x', Meta: [] }),
  json({ Name: 'x', Meta: { '': 'v' } }),
  json({ Name: 'x', Meta: { 'a b': 'v' } }),
  json({ Name: 'x', Meta: { 'consul-x': 'v' } }),
  json({ Name: 'x', Meta: { ['k'.repeat(129)]: 'v' } }),
  json({ Name: 'x', Meta: { k: 'v'.repeat(513) } }),
  json({ Name: 'x', Meta: Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, 'v'])) }),
  json({ Name: 'x', Weights: 5 }),
  json({ Name: 'x', Weights: {} }),
  json({ Name: 'x', Weights: { Passing: 'a' } }),
  json({ Name: 'x', Weights: { Passing: 1, Foo: 1 } }),
  json({ Name: 'x', Weights: { Passing: 0, Warning: 1 } }),
  json({ Name: 'x', Weights: { Passing: 1, Warning: -1 } }),
  json({ Name: 'x', Weights: { Passing: 65_536, Warning: 1 } }),
  json({ Name: 'x', Address: '0.0.0.0' }),
  json({ Name: 'x', Address: '[::]' }),
  json({ Name: 'x', TaggedAddresses: { lan: 'x' } }),
  json({ Name: 'x', TaggedAddresses: { lan: { Address: 1 } } }),
  json({ Name: 'x', TaggedAddresses: { lan: { Foo: 1 } } }),
  json({ Name: 'x', Connect: { SidecarService: { Foo: 5 } } }),
  json({ Name: 'x', Connect: { SidecarService: { Name: 5 } } }),
  json({ Name: 'x', Connect: { Native: 5 } }),
  json({ Name: 'x', Proxy: { Foo: 5 } }),
  json({ Name: 'x', Proxy: { LocalServicePort: 'x' } }),
  json({ Name: 'x', Checks: {} }),
  json({ Name: 'x', Checks: 'x' }),
  // Of several faults the first by the reference's order.
  json({ Name: '', Address: '0.0.0.0' }),
  json({ Name: 'x', Address: '0.0.0.0', Kind: 'connect-proxy' }),
  json({ Name: 'x', Kind: 'connect-proxy', Check: { Name: 'y' } }),
  json({ Name: 'x', Meta: { 'a b': 'c' }, Check: { Name: 'y' } }),
  json({ Name: 'x', Meta: { 'a b': 'c' }, Weights: { Passing: 0 } }),
  json({ Name: 'x', Meta: { 'a b': 'c' }, Kind: 'connect-proxy' }),
  json({ Name: 'x', Weights: { Passing: 0 }, Connect: { SidecarService: { ID: 'y' } } }),
]

const proxy = (Upstreams: readonly unknown[]): string =>
  json({ Name: 'p', Kind: 'connect-proxy', Port: 1, Proxy: { DestinationServiceName: 'w', Upstreams } })

/** Services of the mesh's kinds, and sidecars. */
export const refusedProxies: readonly string[] = [
  json({ Name: 'x', Kind: 'connect-proxy' }),
  json({
    Name: 'x',
    Kind: 'connect-proxy',
    Port: 1,
    Proxy: { DestinationServiceName: 'w' },
    Connect: { Native: true },
  }),
  json({ Name: 'x', Kind: 'mesh-gateway' }),
  json({ Name: 'x', Kind: 'terminating-gateway' }),
  json({ Name: 'x', Kind: 'ingress-gateway', Port: 1, Proxy: { DestinationServiceName: 'w' } }),
  json({
    Name: 'x',
    Kind: 'mesh-gateway',
    Port: 1,
    Proxy: {
      DestinationServiceName: 'w',
      DestinationServiceID: 'q',
      LocalServiceAddress: 'x',
      LocalServicePort: 3,
      Upstreams: [{ DestinationName: 'x', LocalBindPort: 1 }],
    },
  }),
  proxy([{ LocalBindPort: 1 }]),
  proxy([{ DestinationName: 'a' }, { DestinationName: '' }]),
  proxy([{ DestinationType: 'foo', DestinationName: 'x', LocalBindPort: 1 }]),
  proxy([
    { DestinationName: 'a', LocalBindPort: 1 },
    { DestinationName: 'b', LocalBindPort: 1 },
  ]),
  proxy([
    { DestinationName: 'a', LocalBindPort: 5 },
    { DestinationName: 'a', LocalBindPort: 6 },
  ]),
  json({ Name: 'x', Connect: { SidecarService: { ID: 'y' } } }),
  json({ Name: 'x', Connect: { SidecarService: { Connect: { SidecarService: {} } } } }),
  json({ Name: 'x', Connect: { SidecarService: { ID: 'y', Connect: { SidecarService: {} } } } }),
  json({ Name: 'x', Connect: { SidecarService: { Check: { Name: 'y' } } } }),
  json({ Name: 'x', Connect: { SidecarService: { Meta: { 'a b': 'c' } } } }),
  json({ Name: 'x', Connect: { SidecarService: { Check: { Args: ['x'], Interval: '1h' } } } }),
]

/** Bodies of a check by itself; in a service they stand under `Check`. */
export const faultyChecks: readonly Readonly<Record<string, unknown>>[] = [
  { Name: 'c' },
  { Name: 'c', Interval: '10s' },
  { Name: 'c', TTL: '10s', Interval: '10s' },
  { Name: 'c', TTL: '10' },
  { Name: 'c', TTL: '1x' },
  { Name: 'c', TTL: 'x' },
  { Name: 'c', TTL: '' },
  { Name: 'c', TTL: '-5s' },
  { Name: 'c', TTL: -1 },
  { Name: 'c', HTTP: 'http://x' },
  { Name: 'c', TCP: 'x:1' },
  { Name: 'c', GRPC: 'x:1' },
  { Name: 'c', Args: ['true'] },
  { Name: 'c', TTL: '1s', HTTP: 'http://x' },
  { Name: 'c', DockerContainerID: 'c', Interval: '10s' },
  { Name: 'c', AliasService: 'web', TTL: '10s' },
  { Name: 'c', HTTP: 'http://x', Interval: 'abc' },
  { Name: 'c', HTTP: 'http://x', Interval: '10s', Timeout: 'x' },
  { Name: 'c', HTTP: 'http://x', Interval: '10s', OutputMaxSize: -1 },
  { Name: 'c', TTL: '1h', DeregisterCriticalServiceAfter: 'abc' },
  { Name: 'c', TTL: '1h', Status: 'bad' },
  { Name: 'c', Status: 'bad' },
  { Name: 'c', TTL: '1h', Foo: 1 },
  { Name: 'c', Script: 'true', Interval: '10s' },
  { Name: 'c', TTL: '1h', OutputMaxSize: 'x' },
  { Name: 'c', TTL: '1h', Header: 5 },
  { Name: 'c', TTL: '1h', Header: { a: 'b' } },
  { Name: 5, TTL: '1h' },
  { Name: 'c', Args: ['true'], Interval: '1h' },
  { Name: 'c', ScriptArgs: ['true'], Interval: '1h' },
  { Name: 'c', script_args: ['true'], Interval: '1h' },
  { Name: 'c', DockerContainerID: 'c', Args: ['true'], Interval: '1h' },
  { Name: 'c', TTL: '1h', success_before_passing: 2 },
  { Name: 'c', TTL: '1h', output_max_size: 2 },
  { Name: 'c', TTL: '1h', Node: 'n' },
]
