// The agent's own endpoints, and what has no endpoint.
import { type ParityRequest, get, put } from './request.ts'

/** In the order in which they are sent. */
export const agentRequests: readonly ParityRequest[] = [
  ...get(
    '/v1/status/leader',
    '/v1/status/peers',
    '/v1/status/leader?pretty',
    '/v1/status/leader?dc=nope',
    '/v1/operator/raft/configuration',
    '/v1/operator/raft/configuration?dc=nope',
    '/v1/agent/members',
    '/v1/agent/members?segment=x',
    '/v1/agent/members?segment=_all',
    '/v1/agent/monitor?loglevel=zzz',
    '/v1/agent/metrics?format=prometheus',
    '/v1/agent/join/x',
    '/v1/agent/version',
    '/v1/acl/tokens',
    '/v1/connect/ca/roots',
    '/v1/nope',
    '/nope',
    '/',
    '/ui/',
    '/v1//status/leader',
  ),
  put('/v1/agent/force-leave/zz'),
  put('/v1/agent/reload'),
  put('/v1/agent/monitor'),
  { method: 'PATCH', path: '/v1/agent/self' },
  { method: 'OPTIONS', path: '/v1/agent/join/x' },
  { method: 'OPTIONS', path: '/v1/catalog/register' },
  { method: 'OPTIONS', path: '/v1/nope' },
]
