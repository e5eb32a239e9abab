/** Branded identifiers: a string that came from the right place. The only file that may assert them. */
declare const brand: unique symbol
type Id<Name extends string> = string & { readonly [brand]: Name }

export type FlowId = Id<'flow'>
export type IdentityId = Id<'identity'>
export type SessionId = Id<'session'>
export type ActionId = Id<'action'>
export type DeliveryId = Id<'delivery'>
/** SHA-256 of a session token, hexadecimal: what is stored instead of the token. */
export type TokenHash = Id<'token-hash'>

export const flowId = (text: string) => text as FlowId
export const identityId = (text: string) => text as IdentityId
export const sessionId = (text: string) => text as SessionId
export const actionId = (text: string) => text as ActionId
export const deliveryId = (text: string) => text as DeliveryId
export const tokenHash = (text: string) => text as TokenHash

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** Whether a text from outside can be an id at all; a malformed one is never asked of the database. */
export const isUuid = (text: string) => UUID.test(text)
