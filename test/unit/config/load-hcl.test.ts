// Configuration in HCL: it says what JSON says, and what is wrong names the file, the line and the key.
import { expect, test } from 'vitest'
import { settings } from '../../../src/config/settings.ts'
import { load, loaded, machine, type FileTree } from './machine.ts'

const client = ['-data-dir', '/d']

test('a file in HCL says what the same file in JSON says', async () => {
  const hcl = `
    # the node
    server = true
    Node_Name = "one"
    ports { http = 8555, DNS = -1 }
    dns_config {
      node_ttl = "90s"
      service_ttl { "*" = "5s", web = "1m" }
      soa = { min_ttl = 7 }
    }
    node_meta = { rack = "r1" }
    recursors = ["8.8.8.8", "1.1.1.1",]
    limits { rpc_rate = 1e3 }
  `
  const json = {
    server: true,
    node_name: 'one',
    ports: { http: 8555, dns: -1 },
    dns_config: { node_ttl: '90s', service_ttl: { '*': '5s', web: '1m' }, soa: { min_ttl: 7 } },
    node_meta: { rack: 'r1' },
    recursors: ['8.8.8.8', '1.1.1.1'],
    limits: { rpc_rate: 1000 },
  }
  const files = { '/c/a.hcl': hcl, '/j/a.json': JSON.stringify(json) }
  const fromHcl = await loaded([...client, '-config-dir=/c'], machine(files))
  const fromJson = await loaded([...client, '-config-dir=/j'], machine(files))
  expect({ ...fromHcl, files: [], args: [] }).toEqual({ ...fromJson, files: [], args: [] })
  expect(fromHcl).toMatchObject({ nodeName: 'one', ports: { http: 8555 }, files: ['/c/a.hcl'] })
})

/** Values that every type of setting but `any` refuses. */
const wrong = { string: '1', list: '"a"', map: '"a"', durations: '"a"' } as const

test('every setting tells a wrong type with file, line and key, in HCL as in JSON', async () => {
  for (const [key, { type }] of settings) {
    if (type === 'any') continue
    const value = type in wrong ? wrong[type as keyof typeof wrong] : '"x"'
    const parts = key.split('.')
    const name = parts.at(-1) ?? ''
    const groups = parts.slice(0, -1)
    const hcl = `${groups.map((group) => `${group} {`).join(' ')}\n${name} = ${value}\n${groups.map(() => '}').join(' ')}`
    const json = `${groups.map((group) => `{"${group}": `).join('')}\n{"${name}": ${value}}${groups.map(() => '}').join('')}`
    const files = { '/a.hcl': hcl, '/a.json': json }
    const problemsOf = async (path: string): Promise<readonly string[]> => {
      const problems = await load([...client, `-config-file=${path}`], machine(files))
      return Array.isArray(problems) ? problems.map((line: string) => line.replace(path, '')) : []
    }
    const problems = await problemsOf('/a.hcl')
    expect(problems).toEqual([expect.stringContaining(`:2 | ${key} must be `)])
    expect(problems).toEqual(await problemsOf('/a.json'))
  }
})

test('files of both kinds, flags and -hcl: the later one counts, lists grow', async () => {
  const files = {
    '/c/1.json': '{"datacenter": "a", "node_name": "a", "recursors": ["1.0.0.1"], "domain": "a"}',
    '/c/2.hcl': 'datacenter = "b"\nnode_name = "b"\nrecursors = ["1.0.0.2"]\nalt_domain = "b"',
  }
  const args = [
    ...client,
    '-hcl=datacenter = "d" recursors = ["1.0.0.4"]',
    '-config-dir=/c',
    '-datacenter=c',
    '-node=c',
    '-recursor=1.0.0.3',
    '-hcl',
    'recursors = ["1.0.0.5"]',
  ]
  const config = await loaded(args, machine(files))
  expect([config.datacenter, config.nodeName, config.dns.domain, config.dns.altDomain]).toEqual([
    'd',
    'c',
    'a.',
    'b.',
  ])
  expect(config.dns.recursors.map((address) => address.replace(':53', ''))).toEqual([
    '1.0.0.3',
    '1.0.0.1',
    '1.0.0.2',
    '1.0.0.4',
    '1.0.0.5',
  ])
})

test('-config-format decides for all files, whatever their names', async () => {
  const host = machine({ '/c/a.conf': 'server = true', '/c/b.json': 'datacenter = "east"' })
  const config = await loaded([...client, '-config-dir=/c', '-config-format=hcl'], host)
  expect([config.server, config.datacenter, config.warnings]).toEqual([true, 'east', []])
})

test('groups and objects may be lists of one', async () => {
  const host = machine({ '/a.hcl': 'ports = [{ http = 8555 }]\nnode_meta = [{ a = "b" }]' })
  const config = await loaded([...client, '-config-file=/a.hcl'], host)
  expect([config.ports.http, config.nodeMeta]).toEqual([8555, { a: 'b' }])
})

test.each<readonly [args: readonly string[], files: FileTree, problem: string]>([
  [['-config-file=/a.hcl'], { '/a.hcl': 'a =' }, '/a.hcl:1:4 | This is not HCL: a value was expected'],
  [['-config-dir=/c'], { '/c/a.hcl': '\nfoo = 1' }, '/c/a.hcl:2 | invalid config key foo'],
  [['-config-dir=/c'], { '/c/a.hcl': 'ports "x" {}' }, '/c/a.hcl:1 | invalid config key ports.x'],
  [
    ['-config-dir=/c'],
    { '/c/a.hcl': 'ports { http = 1 }\nports { dns = 2 }' },
    '/c/a.hcl:2 | ports is given 2 times; put its keys into one',
  ],
  [
    ['-config-dir=/c'],
    { '/c/a.hcl': 'node_name = 1' },
    '/c/a.hcl:1 | node_name must be a text in quotes, not 1',
  ],
  [
    ['-config-dir=/c'],
    { '/c/a.hcl': 'watches = [{ type = "nodes" }]' },
    '/c/a.hcl:1: watches[0] | Handler must be given',
  ],
  [['-config-file=/a.json'], { '/a.json': 'server = true' }, '/a.json:1:1 | This is not JSON'],
  [['-config-format=json', '-config-file=/a.hcl'], { '/a.hcl': 'a = 1' }, '/a.hcl:1:1 | This is not JSON'],
  [['-hcl', 'server = yes'], {}, 'flag -hcl:1:10 | This is not HCL: a value was expected'],
  [['-hcl', 'server = true', '-hcl', 'x'], {}, 'flag -hcl (2):1:2 | This is not HCL: "=" or "{"'],
  [['-hcl', '{"server": 1}'], {}, 'flag -hcl:1 | server must be true or false, not 1'],
  [['-hcl', 'datacenter = "a b"'], {}, 'flag -hcl:1: datacenter | The datacenter'],
])('%j with %j: %s', async (args, files, problem) => {
  expect(await load([...client, ...args], machine(files))).toEqual([expect.stringContaining(problem)])
})
