import { WireError } from '../core/errors.ts'
import type { Flow } from '../core/flow.ts'
import type { JsonObject } from '../core/json.ts'
import type { RequestFacts } from '../core/request.ts'
import type { Caller, Csrf } from './define.ts'

const DOCS = 'https://www.ory.com/docs/troubleshooting/csrf'

/** Proof that the form was sent from the page it was rendered for (ory-identity-api.md §1.8). Returns why a native client is refused. */
export function checkCsrf(csrf: Csrf, flow: Flow, fields: JsonObject, caller: Caller): string | null {
  if (flow.type === 'api') return nativeRefusal(caller.request)
  const token = typeof fields.csrf_token === 'string' ? fields.csrf_token : ''
  if (caller.csrfCookie !== null && csrf.matches(token, caller.csrfCookie)) return null
  throw csrfViolation(caller.request, caller.csrfCookie !== null)
}

/** A native client sends neither Origin nor cookies; a browser that is tricked into posting does. */
function nativeRefusal({ headers, cookies }: RequestFacts): string | null {
  if (headers.Origin !== undefined) {
    return 'The HTTP Request Header included the "Origin" key, indicating that this request was made as part of an AJAX request in a Browser. The flow however was initiated as an API request. To prevent potential misuse and mitigate several attack vectors including CSRF, the request has been blocked. Please consult the documentation.'
  }
  // Cloudflare sets its own cookies on whoever passes.
  if (Object.keys(cookies).some((name) => !/^(__cf|_cf|cf_)/.test(name))) {
    return 'The HTTP Request Header included the "Cookie" key, indicating that this request was made by a Browser. The flow however was initiated as an API request. To prevent potential misuse and mitigate several attack vectors including CSRF, the request has been blocked. Please consult the documentation.'
  }
  return null
}

const SCRIPT_HINT =
  "We detected an AJAX call, please ensure that CORS is enabled and configured correctly, and that your AJAX code sends cookies and has credentials enabled. For further debugging, check your Browser's Network Tab to see what cookies are included or excluded."
const BROWSER_HINT =
  "We detected a regular browser or server-side call. To debug browser calls check your Browser's Network Tab to see what cookies are included or excluded. If you are calling from a server ensure that the appropriate cookies are being forwarded and that the SDK method is called correctly."

export function csrfViolation(request: RequestFacts, cookieFound: boolean): WireError {
  const mode = request.headers['Sec-Fetch-Mode']?.[0]
  const isScript = mode === 'cors' || mode === 'same-origin'
  const reject_reason =
    request.headers.Cookie === undefined
      ? 'The HTTP Cookie Header is empty or not set.'
      : cookieFound
        ? 'The HTTP Cookie Header was set and a CSRF token was sent but they do not match. We recommend deleting all cookies for this domain and retrying the flow.'
        : 'The HTTP Cookie Header was set but did not include the anti-CSRF cookie.'
  return new WireError(403, 'the request was rejected to protect you from Cross-Site-Request-Forgery', {
    id: 'security_csrf_violation',
    reason:
      'Please retry the flow and optionally clear your cookies. The request was rejected to protect you from Cross-Site-Request-Forgery (CSRF) which could cause account takeover, leaking personal information, and other serious security issues.',
    details: {
      docs: DOCS,
      hint: isScript ? SCRIPT_HINT : BROWSER_HINT,
      reject_reason,
    },
  })
}
