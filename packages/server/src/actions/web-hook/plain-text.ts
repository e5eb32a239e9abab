const LONGEST = 512
// Control characters, and those that turn the direction of text around.
const HIDDEN = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A receiver's words as people may see them: one line of plain text, never longer than 512 code points. */
export const plainText = (text: string) =>
  Array.from(
    text
      .toWellFormed()
      .replace(/[\t\r\n]+/g, ' ')
      .replace(HIDDEN, ''),
  )
    .slice(0, LONGEST)
    .join('')
