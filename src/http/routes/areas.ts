// Areas of the reference's API that this version does not serve: each refused with a sentence that says so.
// Where the reference itself answers a switched-off feature with a sentence, its status and words are used.

/** An area by its path prefix. */
export interface Area {
  readonly prefix: string
  readonly status: number
  readonly message: string
}

/** The areas. The first prefix that matches counts; none of them is part of a served path. */
export const refusedAreas: readonly Area[] = [
  { prefix: '/v1/acl/', status: 401, message: 'ACL support disabled' },
  { prefix: '/v1/internal/acl/', status: 401, message: 'ACL support disabled' },
  outOfScope('/v1/connect/', 'Connect'),
  outOfScope('/v1/agent/connect/', 'Connect'),
  outOfScope('/v1/discovery-chain/', 'Connect'),
  outOfScope('/v1/imported-services', 'Connect'),
  outOfScope('/v1/peering', 'Peering'),
  outOfScope('/v1/internal/ui/gateway-intentions/', 'Connect'),
  outOfScope('/v1/internal/ui/service-topology/', 'Connect'),
  outOfScope('/v1/internal/ui/exported-services', 'Peering'),
  outOfScope('/v1/internal/ui/catalog-overview', 'The web interface'),
  outOfScope('/v1/internal/ui/metrics-proxy/', 'The web interface'),
  outOfScope('/v1/internal/federation-state', 'Federation through mesh gateways'),
  outOfScope('/ui', 'The web interface'),
  outOfScope('/v1/operator/segment', 'Network segments'),
  outOfScope('/v1/operator/area', 'Network areas'),
  outOfScope('/v1/operator/license', 'A licence'),
  outOfScope('/v1/namespace', 'Namespaces'),
  outOfScope('/v1/partition', 'Admin partitions'),
  notYet('/v1/operator/', 'This operator endpoint'),
]

/** The area that a path is in, if it is refused as a whole. */
export function refusedArea(path: string): Area | undefined {
  return refusedAreas.find(({ prefix }) => path.startsWith(prefix))
}

function outOfScope(prefix: string, subject: string): Area {
  return { prefix, status: 501, message: `${subject} ${isOrAre(subject)} not part of proconsul` }
}

function notYet(prefix: string, subject: string): Area {
  return {
    prefix,
    status: 501,
    message: `${subject} ${isOrAre(subject)} not supported by this version of proconsul yet`,
  }
}

function isOrAre(subject: string): string {
  return subject.endsWith('s') ? 'are' : 'is'
}
