import type { Route } from './exchange.ts'

export type MetricsDeps = {
  readonly metrics: { expose(): Promise<{ readonly type: string; readonly text: string }> }
}

/** Where Prometheus looks, under the path that Ory's programs have. */
export const metricsRoutes = ({ metrics }: MetricsDeps): readonly Route[] => [
  {
    method: 'GET',
    path: '/metrics/prometheus',
    csrf: 'ignored',
    handle: async () => {
      const exposed = await metrics.expose()
      return { status: 200, headers: { 'content-type': exposed.type }, cookies: [], body: exposed.text }
    },
  },
]
