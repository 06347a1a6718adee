// A small HTTP file server, as a process of its own so that it can run in another network: DIRECTORY IP PORT.
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { join, normalize } from 'node:path'

const [directory = '.', ip = '127.0.0.1', port = '8099'] = process.argv.slice(2)

createServer((request, response) => {
  const path = join(directory, normalize(join('/', decodeURIComponent(request.url ?? '/'))))
  const stat = statSync(path, { throwIfNoEntry: false })
  if (stat?.isFile() === true) {
    response.writeHead(200, { 'content-length': stat.size })
    createReadStream(path).pipe(response)
  } else {
    response.writeHead(404).end()
  }
}).listen(Number(port), ip)
