/** How every document is written: nothing else in the store makes or reads JSON. */
export const encode = (value: unknown): string => JSON.stringify(value)

/** What was encoded; rows.ts says what it is. */
export const decode = (text: string): unknown => JSON.parse(text)
