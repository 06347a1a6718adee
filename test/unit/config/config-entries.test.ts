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

test.each([
  ['{"config_entries":{"bootstrap":[{"kind":"zz"}]}}', 'invalid config entry kind: zz'],
  [
    '{"config_entries":{"bootstrap":[{"kind":"service-defaults","name":"a","zz":1}]}}',
    'invalid config key "zz"',
  ],
  ['{"config_entries":{"bootstrap":[{"kind":"service-defaults"}]}}', 'serviceName is required'],
  ['{"config_entries":{"bootstrap":["x"]}}', "'' expected a map, got 'string'"],
  ['{"config_entries":{"zz":[]}}', 'invalid config key config_entries.zz'],
])('%s is refused with its place', async (text, reason) => {
  const problems = await load([...server, '-config-file=/a.json'], machine({ '/a.json': text }))
  expect(problems).toEqual([expect.stringContaining(reason)])
  expect(problems).toEqual([expect.stringContaining('/a.json:1')])
})
