// The flags with which a command finds its agent; http-client.ts makes the client from them and the environment.
import type { FlagSpec } from '../config/flags.ts'

/** Flags of every command that talks to an agent. */
export const agentHttpFlags: readonly FlagSpec[] = [
  {
    name: 'ca-file',
    kind: 'string',
    doc: 'File of certificates that the agent is checked against. Also CONSUL_CACERT. Not supported yet.',
  },
  {
    name: 'ca-path',
    kind: 'string',
    doc: 'Directory of certificates that the agent is checked against. Also CONSUL_CAPATH. Not supported yet.',
  },
  {
    name: 'client-cert',
    kind: 'string',
    doc: 'Certificate to show to the agent. Also CONSUL_CLIENT_CERT. Not supported yet.',
  },
  {
    name: 'client-key',
    kind: 'string',
    doc: 'Key of the certificate. Also CONSUL_CLIENT_KEY. Not supported yet.',
  },
  {
    name: 'http-addr',
    kind: 'string',
    placeholder: 'address',
    doc: 'Address of the agent: host:port, http://host:port, https://host:port or unix:///path. Also CONSUL_HTTP_ADDR. By default http://127.0.0.1:8500.',
  },
  {
    name: 'tls-server-name',
    kind: 'string',
    doc: "Name expected in the agent's certificate. Also CONSUL_TLS_SERVER_NAME. Not supported yet.",
  },
  {
    name: 'token',
    kind: 'string',
    doc: 'Token to send along. Also CONSUL_HTTP_TOKEN.',
  },
  {
    name: 'token-file',
    kind: 'string',
    doc: 'File that holds the token to send along. Also CONSUL_HTTP_TOKEN_FILE.',
  },
]

/** Further flags of commands that ask the servers. */
export const queryHttpFlags: readonly FlagSpec[] = [
  {
    name: 'datacenter',
    kind: 'string',
    doc: "Datacenter to ask. By default the agent's own.",
  },
  {
    name: 'stale',
    kind: 'bool',
    doc: 'Lets any server answer, not only the leader: sooner, but the answer may be a little old.',
  },
]
