// Parameters that only the reference's Enterprise edition serves, or that are out of scope: refused, not ignored.
import { badRequest } from './errors.ts'
import type { Call } from './route.ts'

const namespaces = 'Namespaces are a Consul Enterprise feature'
const partitions = 'Partitions are a Consul Enterprise feature'

/** Why each parameter is refused. */
const refusedParameters: Readonly<Record<string, string>> = {
  ns: namespaces,
  namespace: namespaces,
  partition: partitions,
  ap: partitions,
  sg: 'Sameness groups are a Consul Enterprise feature',
  peer: 'Peering is not part of proconsul',
}

const refusedHeaders: Readonly<Record<string, string>> = {
  'X-Consul-Namespace': namespaces,
  'X-Consul-Partition': partitions,
}

/** Refuses a call that names a namespace, a partition or a peer. An empty value names none. Throws Refusal. */
export function refuseEnterprise({ query, request }: Call): void {
  if (!query.isEmpty) {
    for (const name in refusedParameters) {
      if (query.get(name) === '') continue
      throw badRequest(`Invalid query parameter: "${name}" - ${refusedParameters[name] ?? ''}`)
    }
  }
  for (const name in refusedHeaders) {
    const value = request.headers.get(name)
    if (value !== null && value !== '') {
      throw badRequest(`Invalid header: "${name}" - ${refusedHeaders[name] ?? ''}`)
    }
  }
}
