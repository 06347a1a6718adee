// `/v1/openapi.json`: the API's description of itself.
import { encodeJson } from '../json.ts'
import { openApiDocument } from '../openapi/document.ts'
import type { Route } from '../route.ts'

/** The endpoint; `routes` are all, itself among them. The document is made when it is first asked for. */
export function openApiRoute(routes: () => readonly Route[]): Route {
  let document: string | undefined
  return {
    method: 'GET',
    path: '/v1/openapi.json',
    summary: 'This API as an OpenAPI 3.1 document',
    parameters: [],
    answer: ['OpenApi'],
    handler: (call) => {
      document ??= encodeJson(openApiDocument(routes()))
      return call.reply.json(call, document)
    },
  }
}
