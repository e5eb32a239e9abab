// A receiver in TypeScript: node receiver.ts 8080
import { createServer } from 'node:http'

type Question = { readonly email?: string }

createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += String(chunk)
  const { email = '' }: Question = JSON.parse(body)
  if (email.endsWith('@example.org')) {
    response.writeHead(204).end()
    return
  }
  const message = { id: 1000001, type: 'error', text: 'Only people of example.org may join.' }
  response.writeHead(403, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ messages: [{ instance_ptr: '#/traits/email', messages: [message] }] }))
}).listen(Number(process.argv[2] ?? '8080'), '127.0.0.1')
