/** Odoo numbers its records from 1 on, in 4 bytes. A greater number would be an error in its database. */
export const isRecordNumber = (text: string): boolean =>
  /^[1-9]\d{0,9}$/.test(text) && Number(text) <= largest;

const largest = 2_147_483_647;
