// Archives of the state: how they are given out, and what is said of those that are no good.
import { createSnapshotActions } from '../../../src/agent/snapshot-actions.ts'
import { createState } from '../../../src/state/state.ts'
import { actionParts, stateWith } from '../../unit/agent/archive-parts.ts'
import type { BackendSettings } from '../../unit/http/state-backend.ts'
import { type Difference, type ParityRequest, get, put } from './request.ts'

/** Archives that were made by hand, as base64, by what is wrong with them. */
const badArchives: Readonly<Record<string, string>> = {
  'without sums':
    'H4sIAAAAAAACA+3TQQ+CIBQHcM59ivbO6BAlg2tdurXZurQOtqjRFDfU1nJ+95itteU5PcjvAuPB4wD/XFapfysLjf6HWAtCupH0R0KD7/y9HrMoRnOCBlCXVWrslWiaGthLU6pCgwgwbNYggHoB84KYszDkLOJ8ScFW9Fk+7B6GYSdNDoJi2Ep7FISuswzDqtAXda1NWnXNGkikuXf1w7H9KX+aYUjUU4Jg7Qw5o7C/v5L+SY2Zf0JYP//U5X+w93cxcBzHmZwX8RLGjwAMAAA=',
  'a wrong sum':
    'H4sIAAAAAAACA+2WsU7DMBCGM/cpIs9p5bN9dpwNwQADElKABTHYzgUFtamUpghR9d2xigoSndsO9bf8ts8+D/avuwWNbva+WvbZ8eARzflO+aFyAX/jn3WDymQ5z07AejW6IV6ZXSYb9kzDqlv2rIKC3d2wiokp4BSMRSktKmtLwWKkb+gz7sGCPdKwYJUo2APFo6zq1/N5wa6Xfdu9rQc37pJtWE3Dxy7+8rr9F94nK1jdfRGrcDvJEmch/v6RZr47p/85x0P/i+T/k71/ssHFUt9eCdT10319xvovD+q/kDL5/xRobQBABm0ESjLoSdiAJQFqo5wogdC02tkQ1SC6RkCwviRvEJQqQ54v9h3kRHmnrZEYHEqjkRrtDFhqPOqgyQmpfZxLJ72wTntpIUilW2iVVECK8vy3GqV+IJFIJI7MNz1+R/MAEAAA',
  'a wrong sum of the state alone':
    'H4sIAAAAAAACA+2WPU/DMBCGM/dXRJ7T6nzO+SMbggEGJKQAC2KwHQcFtamUpghR9b9jFRUkOrcd6mc5y699N9iv7hZhtLP31bLPjgdEJMAuwmEE5H/rn31FpcpyyE7AejXaIZbMLpMNew7Dqlv2rOIFu7thFcMppylXhoQwVBqjkUWlb8JnPEMFewzDglVYsIcQr7KqX8/nBbte9m33th7suEu2YXUYPnb6y+v2n7xPVrC6+wqsou0kS5yF+PvHMHPdOf0PQIf+x+T/k71/ssHFUt9eIcn66b4+Y/8XB/0fhUj+PwVSKuAgvFRIIihyAY0nHThJVVrUPJBqpTU+RkVkGwRvnA5OEZSl9nm+2E+QE2wU57JEp1C6qAKXqLw1rbNeYEtek4DWcRPr+bJxgEhaxUkDuS215nn+243SPJBIJBJH5hu3du9QABAAAA==',
  'without meta.json':
    'H4sIAAAAAAACA+3VsWoDMQwGYM95Cj9B0EmWdB67Zel09AFknw5aaAr15f1zKRRKMycZ4m/5jRYN4sdttdX35f0Ybgc2AvCTcJ0b/vO+zJUThgjhDk5tte9tZXhO7XL/0D2r6fCCLNPb6/S4/iPB//4jUe//PYgoDEBVFJlcuTjmyqMPLJoMx8FZF7Fct1RmmxFqLqMXZUhprDF++mr7j/Z13KVikpW4GpMK+yymkH0uLFXckKTokMmoYDYplKFSkgWWRAk8eYzt9zfa9WZ2Xdfd1hkFSBGaAAwAAA==',
  'without the state':
    'H4sIAAAAAAACA+3VsU7DMBAA0Mz9ishzWtk+3znOhmCAAQkpwIIYbOeCgtpUSlOEqPrvREEVEp3bDuQtZ/ns82CdveLeL9436zY5HTkgKccoj6PU6nf8M2/R2CSVyRlsN73vhiOT/2knnrnbNOtWFCoTdzeiEHqucK6sQwCHxrlciyHTVvw5rMFMPHK3EoXOxAMPW0XRbpfLTFyv27p523a+H4vtRMndx5h/ed3/SR+KZaJsvlgUuJ8lk4sob680Uvl0X16w/+Go/zXA1P/nQGSlkhDJagS2GFi7iDkrJGu8zhWjrcm7OESL6Cstows5B4vSmDym6erwg8xM8OQsYPQIlpAr8lY6rgJSJPYaKFjlwEPQzlMAJyMYqmVtwEg2nKbDXfS8CE07vQeTyWRyYt+nKZ4WAAwAAA==',
  'a file too many':
    'H4sIAAAAAAACA+2XPU/DMBBAM/dXRJ5T5K87x9kQDDAgIQVYEIOdXFBQk0hpiiqq/neiooLUDkxNh/otZ/ns82A/6dzQ4K4+ll0bnQ4+gpzvIj+OXIq/8c+8AW2imEcTsFoOrh+PjC6TDXuhfll3LctEwu5vWcbkXMBcGAtKWdDWppKNmbak9bgGEvZEfcMymbBHGreyrF0tFgm76dqqfl/1btgV27Cc+s9d/vVte5DeF0tYXn8Ry2A7iwJnYXz9A135+pz+cw7H/svg/2T3HzS4WJquP/n1/++/OPAfUYjg/xSsgwIXTX53LQHz54f8jP2/Our/pVLB/ylANFxwVaCRoMiAJ2kLSEkAGu1kKghMhc4WYzQArpS8sD4lb4BrnRZx3Ox/kDPtHVqjoHCgDAKV6Ay3VHrAAslJhd4Iq5zy0jr0yvJCaax4pZXmpCmOf7vR8B8IBAKBE/MNreOGoAAUAAA=',
  'a name that leads elsewhere':
    'H4sIAAAAAAACA+2WPU/DMBBAM/dXRJ7Tcv44O86GYIABCSnAghhs54KC2lRKU4So+t+JiigS3ZDSDvVbzvLZ58F+Os9mFwvq3exttWyTkYABDbCLcBhB8N/x97wxWiQpJEdgvepdNxyZnCcb9kTdqlm2rOAZu71mBRNTjlNuLEppUVmbCzZk2oo+hjWYsQfqFqwQGbunYSsr2vV8nrGrZVs3r+vO9btiG1ZS977LP79s/6R/imWsbD6JFbidJJGTMLr8//MflYn+R/8jYzO8/p5mvjml/wB46H/s/8e7/6jB2VLeXArU5eNdecL+Lw/6v5Ay+n8MtDbAQQZtBEoy6EnYgDlx1EY5kXNCU2tnwxANoqsEBOtz8gZBqTyk6f4HOVHeaWskBofSaKRKOwOWKo86aHJCam+4lU56YZ320kKQStdQK6mAFKXpvhvF/0AkEomMzBepqSI9ABQAAA==',
  'an empty tar': 'H4sIAAAAAAACA2NgGAWjYBSMVAAALq+17wAEAAA=',
  'gzip of nothing': 'H4sIAAAAAAACAwMAAAAAAAAAAAA=',
  'gzip of text':
    'H4sIAAAAAAACA8tIzcnJ11EoycgsVgCivHyFksQihcSi5IzMslQdhcS8FJBwTn5eemoRUFViHlAJUHFeOgDxehbWOQAAAA==',
  'cut off':
    'H4sIAAAAAAACA+2WPU/DMBCGM/dXRJ7T6vxxdpwNwQADElKABTHYzgUFtamUpghR9b9jFRUkOrcd6mc5y699N9iv7hY0utn7atlnxwMiGmAX4TCC4H/rn32DymQ5ZCdgvRrdEEtml8mGPdOw6pY9q3jB7m5YxcSU',
  'the header alone': 'H4sIAAAAAAACAw==',
}

/** What can be asked of archives, and what is refused. */
export const snapshotRequests: readonly ParityRequest[] = [
  ...get('/v1/snapshot', '/v1/snapshot?stale', '/v1/snapshot?dc=dc1', '/v1/snapshot?pretty'),
  ...get(
    '/v1/snapshot?stale&consistent',
    '/v1/snapshot?consistent',
    '/v1/snapshot?index=1',
    '/v1/snapshot?x=y',
  ),
  { method: 'OPTIONS', path: '/v1/snapshot' },
  { method: 'POST', path: '/v1/snapshot' },
  { method: 'DELETE', path: '/v1/snapshot' },
  ...['', 'x', 'hello', 'hello, this is no archive at all'].map((body) => put('/v1/snapshot', body)),
  put('/v1/snapshot?dc=dc1', 'hello'),
  put('/v1/snapshot?stale', 'hello'),
  put('/v1/snapshot', { bytes: 100_000 }),
  ...Object.values(badArchives).map((base64) => put('/v1/snapshot', { base64 })),
]

const server = createSnapshotActions(actionParts(stateWith(3), createState()))
const never = new AbortController().signal

/** A server that makes archives of a state of its own. */
export const snapshotSettings: BackendSettings = {
  actions: {
    snapshotBegin: (args) => server.snapshotBegin(args, never),
    snapshotRead: (args) => server.snapshotRead(args, never),
    restoreWrite: (args) => server.restoreWrite(args, never),
    restoreEnd: (args) => server.restoreEnd(args, never),
  },
}

/** An archive is other bytes every time. */
export const snapshotVolatile: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^${String.fromCharCode(0x1f)}[^]*$`), '{{archive}}'],
]

/** What we mean to answer otherwise. */
export const snapshotDifferences: readonly Difference[] = [
  {
    reason:
      'What a cut gzip stream still holds is lost with its end: the place that is named may be an earlier one',
    matches: ({ body }) =>
      typeof body === 'object' && 'base64' in body && body.base64 === badArchives['cut off'],
    ours: { body: 'failed to read snapshot file: failed reading snapshot: unexpected EOF' },
  },
]
