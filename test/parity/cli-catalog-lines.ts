// Command lines about the catalog with expressions, order and meta data, recorded of the reference.
import type { CliLine } from './cli-lines.ts'

const nodes = (...args: readonly string[]): CliLine => ({ args: ['catalog', 'nodes', ...args] })
const services = (...args: readonly string[]): CliLine => ({ args: ['catalog', 'services', ...args] })

/** The lines. */
export const catalogLines: readonly CliLine[] = [
  nodes('-filter', 'Node == "server-one"'),
  nodes('-filter=Node matches `^server`', '-detailed'),
  nodes('-filter', 'Node == nobody'),
  nodes('-filter', 'Bad == 1'),
  nodes('-filter', 'Node =='),
  nodes('-filter', ''),
  nodes('-service=consul', '-filter', 'ServicePort == 8300'),
  nodes('-service=consul', '-filter', 'Node == nobody'),
  nodes('-service=consul', '-filter', 'Service.Port == 1'),
  nodes('-near=_agent', '-filter', 'Node != "client-two"'),
  nodes('-near', 'nobody', '-detailed', '-filter', 'Node != "client-two"'),
  nodes('-service=consul', '-near=_agent', '-detailed'),
  nodes('-node-meta=a=b', '-node-meta=c=d'),
  nodes('-node-meta=consul-network-segment='),
  nodes('-service=consul', '-node-meta=a=b'),
  services('-tags', '-node-meta=consul-network-segment='),
  services('-node=server-one', '-tags'),
  services('-node=nobody'),
]
