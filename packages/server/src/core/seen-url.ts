/**
 * An address as actions see it: whoever holds a link's token or code, a provider's answer or a form's token can act as
 * the person, and an action may be asked before any of them is used up.
 */
export const seenUrl = (url: string): string =>
  url.replace(/([?&](?:token|code|state|id_token|csrf_token|session_token|password)=)[^&#]+/gi, '$1hidden')
