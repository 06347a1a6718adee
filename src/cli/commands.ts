// The command table: every command and group. Each area has its part in a file of its own; help texts, docs/cli.md and
// dispatch are made from the whole.
import type { CommandSpec, GroupSpec } from './command.ts'
import { agentCommands } from './commands-agent.ts'
import { catalogCommands } from './commands-catalog.ts'
import { clusterCommands } from './commands-cluster.ts'
import { completionCommands } from './commands-completion.ts'
import { configCommands } from './commands-config.ts'
import { debugCommands } from './commands-debug.ts'
import { execCommands } from './commands-exec.ts'
import { kvCommands } from './commands-kv.ts'
import { lockCommands } from './commands-lock.ts'
import { operatorCommands } from './commands-operator.ts'
import { queryCommands } from './commands-query.ts'
import { servicesCommands } from './commands-services.ts'
import { sessionCommands } from './commands-session.ts'
import { snapshotCommands } from './commands-snapshot.ts'

/** All commands and groups, sorted by name: a group stands before what belongs to it. */
export const commands: readonly (CommandSpec | GroupSpec)[] = [
  ...agentCommands,
  ...catalogCommands,
  ...clusterCommands,
  ...completionCommands,
  ...configCommands,
  ...debugCommands,
  ...execCommands,
  ...kvCommands,
  ...lockCommands,
  ...operatorCommands,
  ...queryCommands,
  ...servicesCommands,
  ...sessionCommands,
  ...snapshotCommands,
].toSorted((a, b) => (a.name < b.name ? -1 : 1))
