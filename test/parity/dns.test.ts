// The reference's recorded answers against ours. Where we differ on purpose, the reason stands here.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import type { DnsConfig } from '../../src/model/dns-config.ts'
import { asking, questionPacket, stateOf, viewOf } from '../unit/dns/catalog-view.ts'
import { normalise, type Recorded, type Reply } from './dns/normalise.ts'
import { catalog, type Question, serverNode } from './dns/setup.ts'

const recorded = JSON.parse(readFileSync(new URL('dns/answers.json', import.meta.url), 'utf8')) as Record<
  string,
  readonly Recorded[]
>

const server = {
  node: serverNode.name,
  address: serverNode.ip,
  meta: { 'consul-network-segment': '' },
  service: { name: 'consul', port: 8300 },
  check: { id: 'serfHealth', status: 'passing' },
} as const

const state = stateOf([server, ...catalog])

const settings: Readonly<Record<string, Partial<DnsConfig>>> = {
  default: { enableTruncate: false },
  tuned: {
    altDomain: 'other.',
    enableTruncate: true,
    onlyPassing: true,
    nodeTtlSeconds: 30,
    serviceTtlSeconds: { web: 10, 'm*': 7, '*': 5 },
    udpAnswerLimit: 5,
    aRecordLimit: 4,
    nodeMetaTxt: false,
    soa: { refresh: 1, retry: 2, expire: 3, minTtl: 4 },
  },
}

const soa = 'consul 0 SOA ns.consul hostmaster.consul SERIAL 3600 600 86400 0'

/** How the recorded reply has to be changed to be ours, and why. The first rule that applies counts. */
const differences: readonly {
  readonly why: string
  readonly applies: (question: Question, reply: Reply) => boolean
  readonly ours: (reply: Reply, question: Question) => Partial<Reply>
}[] = [
  {
    why: 'a name that does not exist does not exist for any type',
    applies: ({ name, type }) => name === 'missing.node.consul' && (type === 'SRV' || type === 'MX'),
    ours: () => ({ rcode: 'NXDOMAIN', authorities: [soa] }),
  },
  {
    why: 'ANY tells both families',
    applies: ({ name, type }) => /^(foo\.node|(dual|web|self)\.service)/.test(name) && type === 'ANY',
    ours: (reply, { name }) => ({
      answers: [...reply.answers, `${name} 0 A ${name.startsWith('dual') ? '10.2.0.1' : '10.0.0.1'}`].sort(),
    }),
  },
  {
    why: 'TXT of a service tells the meta data of its nodes, as newer releases do, not addresses',
    applies: ({ name, type }) => type === 'TXT' && /^(web|dual|self)\.service/.test(name),
    ours: (_reply, { name }) => ({
      answers: ['equal=a=b', 'plain text', 'rack=r1'].map((text) => `${name} 0 TXT ${text}`),
    }),
  },
  {
    why: 'as above, without meta data',
    applies: ({ name, type }) => type === 'TXT' && /^(mixedcase|v6only|odd)\.service/.test(name),
    ours: () => ({ answers: [], authorities: [soa] }),
  },
  {
    why: 'as above; inner and api run on foo',
    applies: ({ name, type }) => type === 'TXT' && /^(inner|api)\.service/.test(name),
    ours: (_reply, { name }) => ({
      answers: ['equal=a=b', 'plain text', 'rack=r1'].map((text) => `${name} 0 TXT ${text}`),
    }),
  },
  {
    why: 'as above; hosty has none',
    applies: ({ name, type }) => type === 'TXT' && name.startsWith('onhosty.service'),
    ours: () => ({ answers: [], authorities: [soa] }),
  },
  {
    why: 'a CNAME stands for every type, also of a node',
    applies: ({ name, type }) => name === 'hosty.node.consul' && ['TXT', 'SRV', 'MX'].includes(type),
    ours: () => ({ answers: ['hosty.node.consul 0 CNAME hosty.example.invalid'] }),
  },
  {
    why: 'a name in our own zone has no IPv6 address: none is told for AAAA',
    applies: ({ name, type }) => name === 'inner.service.consul' && type === 'AAAA',
    ours: () => ({ answers: ['inner.service.consul 0 CNAME bar.node.consul'] }),
  },
  {
    why: 'the answer to a question for other types than addresses is the CNAME alone',
    applies: ({ name, type }) => name === 'inner.service.consul' && (type === 'CNAME' || type === 'MX'),
    ours: () => ({ answers: ['inner.service.consul 0 CNAME bar.node.consul'] }),
  },
  {
    why: 'an SRV target is the node by name with all its addresses, not one IPv6 address in hexadecimal',
    applies: ({ type }, reply) =>
      type === 'SRV' && JSON.stringify(reply).includes('fd000000000000000000000000000001'),
    ours: (reply) => {
      const swap = (text: string): string =>
        text.replace('fd000000000000000000000000000001.addr.dc1.consul', 'foo.node.dc1.consul')
      const ttl = /^\S+ (\d+)/.exec(reply.answers[0] ?? '')?.[1]
      return {
        answers: reply.answers.map(swap).sort(),
        additionals: [...reply.additionals.map(swap), `foo.node.dc1.consul ${ttl} A 10.0.0.1`].sort(),
      }
    },
  },
  {
    why: 'an SRV target is the main address, not the first tagged IPv6 one',
    applies: ({ name, type }) => name === 'dual.service.consul' && type === 'SRV',
    ours: (reply) => ({
      answers: ['dual.service.consul 0 SRV 1 1 85 0a020001.addr.dc1.consul'],
      additionals: ['0a020001.addr.dc1.consul 0 A 10.2.0.1', ...reply.additionals.slice(1)],
    }),
  },
  {
    why: 'as above',
    applies: ({ name, type }) => name === 'self.service.consul' && type === 'SRV',
    ours: (reply) => ({ additionals: ['foo.node.dc1.consul 0 A 10.0.0.1', ...reply.additionals] }),
  },
  {
    why: 'a record that belongs to another name of ours has the TTL of that name',
    applies: ({ name }, reply) =>
      name === 'inner.service.consul' && reply.additionals[0]?.includes(' 5 A ') === true,
    ours: () => ({ additionals: ['bar.node.consul 30 A 10.0.0.2'] }),
  },
  {
    why: '.addr answers the type that is asked for, as newer releases do',
    applies: ({ name, type }) =>
      (name.startsWith('0a000001.addr') && type === 'AAAA') || (name.startsWith('fd00') && type === 'A'),
    ours: () => ({ answers: [], authorities: [soa] }),
  },
  {
    why: 'the owner is echoed as it was asked',
    applies: ({ name }) => name === '0A0000FF.addr.dc1.consul',
    ours: () => ({ answers: ['0A0000FF.addr.dc1.consul 0 A 10.0.0.255'] }),
  },
  {
    why: 'a name of our own datacenter in the middle is the founding form',
    applies: ({ name }) => name === 'foo.dc1.node.consul',
    ours: (_reply, { name }) => ({
      rcode: 'NOERROR',
      authorities: [],
      answers: [`${name} 0 A 10.0.0.1`],
      additionals: ['equal=a=b', 'plain text', 'rack=r1'].map((text) => `${name} 0 TXT ${text}`),
    }),
  },
  {
    why: 'only questions for names are answered with one',
    applies: ({ name, type }) => name.endsWith('in-addr.arpa') && type === 'A',
    ours: () => ({ rcode: 'SERVFAIL', flags: 'rd ra', answers: [] }),
  },
  {
    why: 'questions in the second zone are answered in it, as newer releases do',
    applies: ({ name }) => name === 'other' || name.endsWith('.service.other'),
    ours: (reply) => {
      const swap = (texts: readonly string[]): readonly string[] =>
        texts.map((text) => text.replace(/\bconsul\b/g, 'other'))
      const srv = swap(
        reply.answers.map((text) => text.replace('fd000000000000000000000000000001.addr', 'foo.node')),
      )
      const extra = swap(
        reply.additionals.map((text) => text.replace('fd000000000000000000000000000001.addr', 'foo.node')),
      )
      const main = extra.some((text) => text.startsWith('foo.node'))
        ? ['foo.node.dc1.other 10 A 10.0.0.1']
        : []
      return { answers: srv, authorities: swap(reply.authorities), additionals: [...extra, ...main].sort() }
    },
  },
  {
    why: 'no data is said with the SOA, so that it can be remembered (RFC 2308)',
    applies: (_question, reply) =>
      reply.rcode === 'NOERROR' && reply.answers.length === 0 && reply.authorities.length === 0,
    ours: () => ({ authorities: [soa] }),
  },
]

function expected(question: Question, reply: Reply): Reply {
  const rule = differences.findLast(
    (each) => each.why.startsWith('questions in the second') && each.applies(question, reply),
  )
  const first = rule ?? differences.find((each) => each.applies(question, reply))
  return first ? { ...reply, ...first.ours(reply, question) } : reply
}

/** Of an answer that was drawn by lot only the number and the form count. */
function isDrawn(question: Question, reply: Reply): boolean {
  return question.name.startsWith('many.') && reply.answers.length < 12
}

for (const [name, all] of Object.entries(recorded)) {
  describe(name, () => {
    const ask = asking(viewOf({ dc1: state }), settings[name])
    for (const { question, reply } of all) {
      const { transport = 'udp', type, edns } = question
      it(`${question.name} ${type} ${transport} ${edns ?? ''}`, async () => {
        const bytes = await ask(questionPacket(question.name, type, edns), transport)
        const ours = normalise(bytes ?? new Uint8Array(0))
        if (isDrawn(question, reply)) {
          expect({ ...ours, answers: ours.answers.length, additionals: ours.additionals.length }).toEqual({
            ...reply,
            answers: reply.answers.length,
            additionals: reply.additionals.length,
          })
        } else expect(ours).toEqual(expected(question, reply))
      })
    }
  })
}
