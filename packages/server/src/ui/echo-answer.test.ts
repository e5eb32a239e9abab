import { expect, test } from 'vitest'
import { echoAnswer } from './echo-answer.ts'

test.each([
  ['', 200, '{}', 0],
  ['status=503', 503, '{}', 0],
  ['status=99', 200, '{}', 0],
  ['status=abc', 200, '{}', 0],
  ['delay=2000', 200, '{}', 2_000],
  ['delay=99999999', 200, '{}', 60_000],
  ['body={"identity":{}}', 200, '{"identity":{}}', 0],
  ['message=No', 400, '{"messages":[{"instance_ptr":"#/","messages":[{"id":1,"text":"No","type":"error"}]}]}', 0],
  [
    'message=Not+%22you%22&field=%23/traits/email&id=7&status=422',
    422,
    '{"messages":[{"instance_ptr":"#/traits/email","messages":[{"id":7,"text":"Not \\"you\\"","type":"error"}]}]}',
    0,
  ],
])('?%s answers %d', (query, status, body, delay) => {
  const answer = echoAnswer(new URLSearchParams(query))
  expect(answer.answer).toMatchObject({ status, body, headers: { 'content-type': 'application/json; charset=utf-8' } })
  expect(answer.delay).toBe(delay)
})
