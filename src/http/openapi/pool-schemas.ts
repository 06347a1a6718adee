// Shapes of bodies about events and coordinates.
import { type Schema, base64, integer, list, nullable, object, ref, request, text } from './schema.ts'

/** Their names. */
export type PoolSchemaName =
  | 'UserEvent'
  | 'UserEvents'
  | 'Coordinate'
  | 'NodeCoordinate'
  | 'NodeCoordinates'
  | 'DatacenterCoordinates'
  | 'CoordinateUpdate'

function number(description: string): Schema {
  return { type: 'number', description }
}

const coordinateFields = {
  Vec: {
    ...list({ type: 'number' }),
    description: 'Eight numbers: a place in a space of eight dimensions, in seconds.',
  },
  Error: number('How sure it is: 1.5 knows nothing, towards 0 is good.'),
  Adjustment: number('Correction of what the space cannot show, in seconds.'),
  Height: number('Distance to the space itself, in seconds.'),
}

/** The shapes. */
export const poolSchemas: Readonly<Record<PoolSchemaName, Schema>> = {
  UserEvent: object({
    ID: text('A UUID.'),
    Name: text(),
    Payload: nullable(base64()),
    NodeFilter: text('A regular expression; empty for all.'),
    ServiceFilter: text('A regular expression; empty for all.'),
    TagFilter: text('A regular expression; empty for all.'),
    Version: integer(),
    LTime: integer('Lamport time of the event; 0 in the answer to who fires it.'),
  }),
  UserEvents: list(ref('UserEvent')),
  Coordinate: object(coordinateFields),
  NodeCoordinate: object({ Node: text(), Segment: text('Always empty.'), Coord: ref('Coordinate') }),
  NodeCoordinates: list(ref('NodeCoordinate')),
  DatacenterCoordinates: list(
    object({
      Datacenter: text(),
      AreaID: text('Always `wan`.'),
      Coordinates: list(ref('NodeCoordinate')),
    }),
  ),
  CoordinateUpdate: request({
    Datacenter: text('Not used: the parameter `dc` says it.'),
    Node: text(),
    Segment: text('Others than the default one, which is empty, are not kept.'),
    Coord: request(coordinateFields),
  }),
}
