// `/v1/status/*`: who leads, and who the servers are.
import { quote, textList } from '../json.ts'
import type { Route } from '../route.ts'
import { ask } from './reads.ts'

/** The endpoints. */
export const statusRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/status/leader',
    summary: 'Address of the leader, `""` if there is none',
    parameters: ['dc'],
    answer: ['Text'],
    handler: async (call) => call.reply.json(call, quote(await ask(call, 'leader'))),
  },
  {
    method: 'GET',
    path: '/v1/status/peers',
    summary: 'Addresses of the servers',
    parameters: ['dc'],
    answer: ['Texts'],
    handler: async (call) => call.reply.json(call, textList(await ask(call, 'peers'))),
  },
]
