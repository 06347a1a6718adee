// `/v1/coordinate/*`: where nodes and datacenters are in the network.
import type { Connection } from './connection.ts'
import { type Answer, type ReadQuery, dcOf, done, encodePath, json, read } from './requests.ts'
import type { CoordinateShape, DatacenterCoordinatesShape, NodeCoordinateShape } from './shapes.ts'

/** Calls about coordinates. All are refused (401) with `disable_coordinates`. */
export interface CoordinateClient {
  coordinateDatacenters(): Promise<readonly DatacenterCoordinatesShape[]>
  coordinateNodes(options?: ReadQuery): Promise<Answer<readonly NodeCoordinateShape[]>>
  /** Empty if the node has none, or does not exist. */
  coordinateNode(node: string, options?: ReadQuery): Promise<Answer<readonly NodeCoordinateShape[]>>
  /** Says where a node is; servers write it within some seconds. */
  coordinateUpdate(
    update: { readonly Node: string; readonly Segment?: string; readonly Coord: CoordinateShape },
    options?: { readonly dc?: string },
  ): Promise<void>
}

/** Makes the calls. */
export function coordinateCalls(connection: Connection): CoordinateClient {
  return {
    coordinateDatacenters: () => json(connection, { path: '/v1/coordinate/datacenters' }),
    coordinateNodes: (options) => read(connection, { path: '/v1/coordinate/nodes' }, options),
    coordinateNode: (node, options) =>
      read(
        connection,
        {
          path: `/v1/coordinate/node/${encodePath(node)}`,
          whenMissing: [] as readonly NodeCoordinateShape[],
        },
        options,
      ),
    coordinateUpdate: (update, options = {}) =>
      done(connection, {
        method: 'PUT',
        path: '/v1/coordinate/update',
        query: { dc: dcOf(connection, options) },
        body: JSON.stringify(update),
      }),
  }
}
