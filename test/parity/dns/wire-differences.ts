// Where our packets differ from the recorded ones on purpose, each with its reason.
import type { WireReply } from './wire-packets.ts'
import type { WireQuestion } from './wire-setup.ts'

type Sent = NonNullable<WireReply>

interface Difference {
  readonly why: string
  readonly applies: (question: WireQuestion, reply: Sent) => boolean
  readonly ours: (reply: Sent, question: WireQuestion) => Partial<Sent>
}

const soa = 'consul 0 SOA ns.consul hostmaster.consul SERIAL 3600 600 86400 0'

/** The first that applies counts. */
const differences: readonly Difference[] = [
  {
    why: 'an operation that is no question is not implemented, whatever the packet asks for',
    applies: ({ name }) => name === 'operation NOTIFY',
    ours: () => ({ rcode: 'NOTIMP', flags: 'rd', answers: [], question: '' }),
  },
  {
    why: 'a class that we know nothing of is refused',
    applies: ({ name }) => name === 'class CH',
    ours: () => ({ rcode: 'REFUSED', flags: 'rd ra', answers: [] }),
  },
  {
    why: 'RFC 6891 6.1.3: a newer EDNS is answered with the version that we speak',
    applies: ({ name }) => name === 'EDNS version 1',
    ours: () => ({ flags: 'rd ra', answers: [], opt: '1 0' }),
  },
  {
    why: 'RFC 6891 6.2.3: a size below 512 counts as 512',
    applies: ({ edns }) => edns === 100,
    ours: () => ({ edns: 512 }),
  },
  {
    why: 'a weight that SRV cannot hold is the greatest that it can',
    applies: ({ name }) => name === 'heavy.service.consul',
    ours: (reply) => ({ answers: reply.answers.map((text) => text.replace(' SRV 1 1 ', ' SRV 1 65535 ')) }),
  },
  {
    why: 'a CNAME that leads out is followed for the type that was asked for',
    applies: ({ name, type }) => type === 'AAAA' && /^(chain\.service|outside\.node)/.test(name),
    ours: (_reply, { name }) => ({
      answers: [
        `${name} 0 CNAME one.example.test`,
        'one.example.test 77 CNAME two.example.test',
        'two.example.test 77 AAAA 2001:db8::3',
      ].sort(),
    }),
  },
  {
    why: 'all that lies behind a CNAME is told, over UDP without EDNS and over TCP too, with the TTL that it came with',
    applies: ({ name, type }) => name === 'wide.service.consul' && type === 'A',
    ours: ({ answers }) => ({ answers: [...wide, answers.at(-1) ?? ''] }),
  },
  {
    why: 'the same of the target of an SRV record',
    applies: ({ name, type }) => name === 'wide.service.consul' && type === 'SRV',
    ours: () => ({ additionals: wide }),
  },
  {
    why: 'what a resolver tells has the TTL that it came with, not that of the service',
    applies: ({ name }) => /^(chain\.service|outward\.query)/.test(name),
    ours: (reply) => ({ answers: withTtl(reply.answers), additionals: withTtl(reply.additionals) }),
  },
  {
    why: 'questions in the second zone are answered in it, as newer releases do',
    applies: ({ name, type }) => name.endsWith('second.zone') && type !== 'A',
    ours: (reply) => {
      const swap = (texts: readonly string[]): readonly string[] =>
        texts.map((text) => text.replace(/\bconsul\b/g, 'second.zone'))
      return {
        answers: swap(reply.answers),
        authorities: swap(reply.authorities),
        additionals: swap(reply.additionals),
      }
    },
  },
  {
    why: 'no data is said with the SOA, so that it can be remembered (RFC 2308)',
    applies: (_question, reply) =>
      reply.rcode === 'NOERROR' &&
      reply.flags.startsWith('aa') &&
      reply.answers.length === 0 &&
      reply.authorities.length === 0,
    ours: (_reply, { name }) => ({
      authorities: [name === 'a1.node.consul' ? soa.replace(' 0 SOA', ' 9 SOA').replace(/ 0$/, ' 9') : soa],
    }),
  },
]

const wide = Array.from({ length: 9 }, (_, i) => `wide.example.test 77 A 203.0.113.${10 + i}`)

/** Records of the resolver's with the resolver's TTL, where there is a resolver. */
function withTtl(texts: readonly string[]): readonly string[] {
  return texts.map((text) => text.replace(/^((?:one|two)\.example\.test) 0 /, '$1 77 '))
}

/** What we reply where the reference has replied this. */
export function differenceOf(question: WireQuestion, reply: WireReply): WireReply {
  if (reply === null) return null
  const rule = differences.find((each) => each.applies(question, reply))
  return rule ? { ...reply, ...rule.ours(reply, question) } : reply
}
