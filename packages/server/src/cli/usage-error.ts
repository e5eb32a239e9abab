/** A mistake of the caller's: told in a sentence, without a stack. */
export class UsageError extends Error {}
