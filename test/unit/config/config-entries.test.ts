// `config_entries.bootstrap` in configuration files.
import { expect, test } from 'vitest'
import { load, loaded, machine } from './machine.ts'

const server = ['-server', '-data-dir=/data', '-bind=10.0.0.5']

test.each([
  [
    'HCL',
    '/c/1.hcl',
    'config_entries {\n bootstrap {\n  kind = "proxy-defaults"\n  name = "global"\n  config { protocol = "http" }\n }\n bootstrap {\n  kind = "service-defaults"\n  name = "web"\n }\n}',
  ],
  [
    'JSON',
    '/c/1.json',
    '{"config_entries":{"bootstrap":[{"Kind":"proxy-defaults","Name":"global","Config":{"protocol":"http"}},{"kind":"service-defaults","name":"web"}]}}',
  ],
])('entries in %s', async (_what, path, text) => {
  const { configEntries } = await loaded([...server, '-config-dir=/c'], machine({ [path]: text }))
  expect(configEntries).toEqual([
    {
      kind: 'proxy-defaults',
      name: 'global',
      body: { Config: { protocol: 'http' }, MeshGateway: {}, Expose: {} },
    },
    { kind: 'service-defaults', name: 'web', body: { Protocol: '', MeshGateway: {}, Expose: {} } },
  ])
})

test('what is exported, as blocks of HCL', async () => {
  const text =
    'config_entries {\n bootstrap {\n  kind = "exported-services"\n  name = "default"\n' +
    '  services {\n   name = "web"\n   consumers {\n    peer = "east"\n   }\n   consumers {\n    peer = "west"\n   }\n  }\n' +
    '  services {\n   name = "*"\n   consumers {\n    peer = "east"\n   }\n  }\n }\n}'
  const { configEntries } = await loaded([...server, '-config-dir=/c'], machine({ '/c/1.hcl': text }))
  const web = { Name: 'web', Consumers: [{ Peer: 'east' }, { Peer: 'west' }] }
  const all = { Name: '*', Consumers: [{ Peer: 'east' }] }
  expect(configEntries).toEqual([
    { kind: 'exported-services', name: 'default', body: { Services: [web, all] } },
  ])
})

test.each([
  ['{"config_entries":{"bootstrap":[{"kind":"zz"}]}}', 'invalid config entry kind: zz'],
  [
    '{"config_entries":{"bootstrap":[{"kind":"service-defaults","name":"a","zz":1}]}}',
    'invalid config key "zz"',
  ],
  ['{"config_entries":{"bootstrap":[{"kind":"service-defaults"}]}}', 'serviceName is required'],
  [
    '{"config_entries":{"bootstrap":[{"kind":"exported-services","name":"web"}]}}',
    'exported-services Name must be "default"',
  ],
  ['{"config_entries":{"bootstrap":["x"]}}', "'' expected a map, got 'string'"],
  ['{"config_entries":{"zz":[]}}', 'invalid config key config_entries.zz'],
])('%s is refused with its place', async (text, reason) => {
  const problems = await load([...server, '-config-file=/a.json'], machine({ '/a.json': text }))
  expect(problems).toEqual([expect.stringContaining(reason)])
  expect(problems).toEqual([expect.stringContaining('/a.json:1')])
})
