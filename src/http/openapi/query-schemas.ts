// The shapes of prepared queries and their answers.
import {
  type Schema,
  bool,
  integer,
  list,
  nullable,
  object,
  ref,
  request,
  text,
  textMap,
  uint64,
} from './schema.ts'

/** Names of these shapes. */
export type QuerySchemaName =
  | 'PreparedQueryRequest'
  | 'PreparedQueryId'
  | 'PreparedQuery'
  | 'PreparedQueries'
  | 'PreparedAnswer'
  | 'ExplainedQuery'

const texts = nullable(list(text()))

const failover = {
  NearestN: integer('So many of the nearest datacenters are asked when there is nothing here.'),
  Datacenters: texts,
}

const service = {
  Service: text('Name of the service.'),
  OnlyPassing: bool('Leave instances out that have a check in warning, too.'),
  IgnoreCheckIDs: texts,
  Near: text('`_agent`, `_ip` or the name of a node: its neighbours come first.'),
  Tags: texts,
  NodeMeta: textMap,
  ServiceMeta: textMap,
  Connect: bool('Proxies for the service instead of its instances.'),
}

const template = {
  Type: text('`name_prefix_match`, or empty.'),
  Regexp: text('RE2; `${match(N)}` is what its groups found in the name.'),
  RemoveEmptyTags: bool(),
}

const meta = {
  Index: uint64('Always 0.'),
  LastContact: integer('Nanoseconds.'),
  KnownLeader: bool(),
  ConsistencyLevel: text(),
}

const dns = { TTL: text('A duration.') }

/** The shapes. */
export const querySchemas: Readonly<Record<QuerySchemaName, Schema>> = {
  PreparedQueryRequest: request({
    ID: text('Not used.'),
    Name: text('What it is carried out by; the prefix of all names that a template answers to.'),
    Session: text('It ends with this session.'),
    Token: text(),
    Template: nullable(request(template)),
    Service: request({ ...service, Failover: nullable(request(failover)) }),
    DNS: nullable(request(dns)),
    CreateIndex: uint64('Not used.'),
    ModifyIndex: uint64('Not used.'),
  }),
  PreparedQueryId: object({ ID: text('UUID.') }),
  PreparedQuery: object({
    ID: text('UUID.'),
    Name: text(),
    Session: text(),
    Token: text(),
    Template: object(template),
    Service: object({ ...service, Failover: object(failover) }),
    DNS: object(dns),
    CreateIndex: uint64('Index of the log entry that created it.'),
    ModifyIndex: uint64('Index of the log entry that changed it last.'),
  }),
  PreparedQueries: list(ref('PreparedQuery')),
  PreparedAnswer: object({
    Service: text('Its name after the template was filled in.'),
    Nodes: ref('ServiceHealth'),
    DNS: object(dns),
    Datacenter: text('The one that has answered.'),
    Failovers: integer('Other datacenters that were asked.'),
    ...meta,
  }),
  ExplainedQuery: object({ Query: ref('PreparedQuery'), ...meta }),
}
