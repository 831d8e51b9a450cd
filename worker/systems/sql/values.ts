import type { FieldValue } from '../../../shared/domain/merge-copy';
import type { Column } from './table';
import type { SqlValue } from './driver';
import { UnfitValue } from '../../pipeline/unfit-value';

/**
 * Converts the server's text into the form of pairs. Numbers stay numbers if no digit is lost, and become texts
 * otherwise; bytes are base64; dates and times are written as in ISO 8601.
 */
export function fieldValueOf({ kind }: Column, shown: SqlValue): FieldValue {
  if (shown === null) return null;
  if (typeof shown !== 'string') return Buffer.from(shown).toString('base64');
  switch (kind) {
    case 'integer':
    case 'decimal':
      return exactNumber(shown);
    case 'float':
      return Number.isFinite(Number(shown)) ? Number(shown) : shown;
    case 'boolean':
      return /^(t|true|1)$/i.test(shown);
    case 'padded':
      return shown.replace(/ +$/, '');
    case 'uuid':
      return shown.toLowerCase();
    case 'datetime':
      return isoTime(shown);
    case 'json':
      return withoutBlanks(shown);
    case 'bytes':
      return Buffer.from(shown.replace(/^\\x/, ''), 'hex').toString('base64');
    case 'text':
    case 'date':
    case 'rowversion':
    case 'other':
      return shown;
  }
}

/** The parameter for a value. Throws `UnfitValue`. */
export function sqlValueOf({ kind }: Column, value: FieldValue): SqlValue {
  if (value === null) return null;
  if (kind === 'bytes') return bytesOf(value);
  return typeof value === 'object' ? value.xml : String(value);
}

function bytesOf(value: FieldValue): Uint8Array {
  const isBase64 =
    typeof value === 'string' && /^[A-Za-z0-9+/]*={0,2}$/.test(value) && value.length % 4 === 0;
  if (!isBase64) throw new UnfitValue({ code: 'no-base64' });
  return Buffer.from(value, 'base64');
}

/** Doubles hold any 15 digits. */
const mostDigits = 15;

/** `12.50` and `12.5` are the same number. A value with more digits than a number can hold stays a text. */
function exactNumber(shown: string): FieldValue {
  const found = /^(-?)0*(\d+?)(?:\.(\d*?)0*)?$/.exec(shown);
  if (found === null) return shown;
  const [, sign = '', whole = '', fraction = ''] = found;
  const text = fraction === '' ? `${sign}${whole}` : `${sign}${whole}.${fraction}`;
  const digits = `${whole}${fraction}`.replace(/^0+/, '');
  const isHeld = digits.length <= mostDigits || Number.isSafeInteger(Number(text));
  if (!isHeld || (fraction === '' && String(Number(text)) !== text && Number(text) !== 0)) return text;
  return Number(text) === 0 ? 0 : Number(text);
}

/** `2026-11-30 16:00:00.120+00` → `2026-11-30T16:00:00.12Z`; other texts (`infinity`) stay as they are. */
function isoTime(shown: string): string {
  const found = /^(\d{4,}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d*?)0*)?(Z|[+-]\d\d(?::?\d\d)?)?$/.exec(shown);
  if (found === null) return shown;
  const [, day = '', time = '', fraction = '', zone = ''] = found;
  const isUtc = /^(Z|[+-]00(:?00)?)$/.test(zone);
  return `${day}T${time}${fraction === '' ? '' : `.${fraction}`}${isUtc ? 'Z' : zone}`;
}

/** JSON without the blanks between its values: the two sides write different blanks. */
function withoutBlanks(json: string): string {
  return json.replaceAll(/("(?:[^"\\]|\\.)*")|\s+/g, (_, text: string | undefined) => text ?? '');
}
