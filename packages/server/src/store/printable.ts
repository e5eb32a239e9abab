/** PostgreSQL has no text with U+0000, and why something failed must never be why it cannot be written down. */
export const printable = (text: string) => text.replaceAll('\0', '').toWellFormed()
