// WAN addresses of nodes and services elsewhere (`translate_wan_addrs`), as recorded from Consul 1.8.7.
import { expect, test } from 'vitest'
import { renderNode, renderServiceHealth, renderServiceNode } from '../../../src/http/render.ts'
import type { ServiceHealth } from '../../../src/model/catalog.ts'

const health: ServiceHealth = {
  node: {
    id: '',
    name: 'w1',
    address: '10.1.1.1',
    datacenter: 'dc1',
    taggedAddresses: { wan: '9.9.9.9' },
    meta: {},
    createIndex: 1,
    modifyIndex: 1,
  },
  service: {
    id: 's',
    service: 's',
    kind: '',
    tags: [],
    address: '10.1.1.2',
    port: 1,
    socketPath: '',
    taggedAddresses: { wan: { address: '8.8.8.8', port: 2 } },
    meta: {},
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
    createIndex: 1,
    modifyIndex: 1,
    node: 'w1',
  },
  checks: [],
}

test.each([
  [{ isOn: true, localDatacenter: 'dc3' }, '9.9.9.9', '8.8.8.8', 2],
  [{ isOn: true, localDatacenter: 'dc1' }, '10.1.1.1', '10.1.1.2', 1],
  [{ isOn: false, localDatacenter: 'dc3' }, '10.1.1.1', '10.1.1.2', 1],
])('%j', (translation, node, service, port) => {
  expect(JSON.parse(renderNode(health.node, translation))).toMatchObject({ Address: node })
  expect(JSON.parse(renderServiceHealth(health, translation))).toMatchObject({
    Node: { Address: node },
    Service: { Address: service, Port: port },
  })
  expect(JSON.parse(renderServiceNode(health, translation))).toMatchObject({
    Address: node,
    ServiceAddress: service,
    ServicePort: port,
  })
})
