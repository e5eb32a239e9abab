import type { Stopwatch } from '../core/time.ts'
import { type Answer, type Exchange, json, noContent, redirect, type Route } from '../http/exchange.ts'
import { devPage, echoPage } from './dev-pages.ts'
import { aboutCall, type Echo, type EchoCall, parseJson } from './echo.ts'
import { echoAnswer } from './echo-answer.ts'
import { type Page, pageAnswer } from './page.ts'

export type DevDeps = {
  readonly echo: Echo
  readonly stopwatch: Pick<Stopwatch, 'sleep'>
  readonly publicUrl: string
  readonly adminUrl: string
}

/** The dev tools of the admin listener, registered only with `--dev` (design.md §7). */
export const devRoutes = (deps: DevDeps): readonly Route[] => {
  const route = (method: Route['method'], path: string, handle: Route['handle']): Route => ({
    method,
    path,
    csrf: 'ignored',
    handle,
  })
  const home = new URL('ui/', deps.publicUrl).href
  const show = async (page: Page) => pageAnswer(200, page)
  return [
    ...METHODS.flatMap((method) => [
      route(method, '/echo', (exchange) => receive(deps, exchange)),
      route(method, '/echo/*', (exchange) => receive(deps, exchange)),
    ]),
    route('GET', '/dev', () => show(devPage(home))),
    route('GET', '/dev/echo', ({ query }) =>
      show(
        echoPage({
          home,
          receiver: new URL('echo', deps.adminUrl).href,
          calls: deps.echo.calls(),
          isLive: query.get('live') !== 'off',
          showsAll: query.has('all'),
        }),
      ),
    ),
    route('GET', '/dev/echo.json', async () => json(200, { calls: deps.echo.calls().map(asJson) })),
    route('DELETE', '/dev/echo', async () => {
      deps.echo.clear()
      return noContent
    }),
    // A form cannot send DELETE.
    route('POST', '/dev/echo/clear', async () => {
      deps.echo.clear()
      return redirect(303, '/dev/echo')
    }),
  ]
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

async function receive({ echo, stopwatch }: DevDeps, exchange: Exchange): Promise<Answer> {
  const { answer, delay } = echoAnswer(exchange.query)
  echo.record(exchange, answer.status)
  if (delay > 0) await stopwatch.sleep(delay)
  return answer
}

/** A call for scripts: `json` holds the body where it is JSON. */
const asJson = (call: EchoCall) => {
  const parsed = parseJson(call.body)
  return {
    ...call,
    at: new Date(call.at).toISOString(),
    about: aboutCall(call),
    ...(parsed === undefined ? {} : { json: parsed }),
  }
}
