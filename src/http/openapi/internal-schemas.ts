// The shapes of what web interfaces ask for.
import { type Schema, integer, list, object, ref, text, textMap } from './schema.ts'

/** Their names. */
export type InternalSchemaName = 'NodeDump' | 'NodeDumps' | 'ServiceSummaries' | 'NoGatewayServices'

/** The shapes. */
export const internalSchemas: Readonly<Record<InternalSchemaName, Schema>> = {
  NodeDump: object({
    ID: text('UUID.'),
    Node: text('Name.'),
    Address: text(),
    TaggedAddresses: textMap,
    Meta: textMap,
    Services: list(ref('Service')),
    Checks: list(ref('Check')),
  }),
  NodeDumps: list(ref('NodeDump')),
  ServiceSummaries: list(
    object({
      'Kind?': text(),
      Name: text(),
      Tags: { type: ['array', 'null'], items: text() },
      Nodes: list(text()),
      InstanceCount: integer(),
      'ProxyFor?': list(text()),
      ChecksPassing: integer('Checks of all instances and of their nodes that pass.'),
      ChecksWarning: integer(),
      ChecksCritical: integer(),
      ExternalSources: { type: ['array', 'null'], items: text() },
      GatewayConfig: object({}),
    }),
  ),
  NoGatewayServices: { type: 'null', description: 'There are no gateways.' },
}
