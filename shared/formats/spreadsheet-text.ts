/**
 * Makes a text safe for a spreadsheet: a text that begins like a formula gets an apostrophe, so that nothing that a
 * device sent is ever calculated on the computer of the person who opens the file. A cell begins also after each sign
 * that separates cells or rows in some country: a French Excel splits at `;`, an English one at `,`, whatever wrote the
 * file. Full-width signs count as signs in East Asian versions. Quotes before the sign do not hide it: a spreadsheet that
 * splits at another sign than the writer takes a doubled quote at the start of its cell for an empty text, and reads on.
 * A plain number stays a number. Source: OWASP, CSV injection.
 */
export function spreadsheetText(text: string): string {
  if (/^[+-]?\d+([.,]\d+)?$/.test(text)) return text;
  return text.replace(/(?<![^,;\t\r\n])(?=[ \u00a0"]*[=+\-@\uff1d\uff0b\uff0d\uff20])|^(?=[\t\r\n])/g, "'");
}
