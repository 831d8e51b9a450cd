/**
 * A text as a spreadsheet must see it: one that begins like a formula gets an apostrophe, so that nothing which a
 * device sent is ever calculated on the machine of whoever opens the file. A plain number stays a number.
 * Source: OWASP, CSV injection.
 */
export function spreadsheetText(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !/^[+-]?\d+([.,]\d+)?$/.test(text) ? `'${text}` : text;
}
