// The receiver of the token action: it decides which plan stands in everybody's ID token. Run: node claims.mjs
import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

const { PORT = '8080' } = process.env

createServer(async (request, response) => {
  const { session, request: asked } = await json(request)
  const isRefreshed = asked.grant_types.includes('refresh_token')
  console.log(`${session.id_token.subject}: ${asked.grant_types.join(' ')}`)
  const answer = { claims: { id_token: { set: { plan: isRefreshed ? 'pro' : 'free' } } } }
  response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
}).listen(Number(PORT), '127.0.0.1')
