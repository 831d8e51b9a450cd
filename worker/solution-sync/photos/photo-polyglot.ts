import type { OtherFormat } from '../../../shared/domain/reason';
import type { JpegStructure } from './jpeg-structure';

/**
 * The other format that a JPEG's bytes have; null: none that is known. A file in two formats is made for a reader that
 * takes it for the other one. A second picture or a short film that cameras put after a picture does not count. Neither
 * do bytes that the coded data of the picture contains by chance, in a few of ten thousand photos.
 */
export function otherFormatOf(content: Buffer, { scans }: Pick<JpegStructure, 'scans'>): OtherFormat | null {
  if (content.subarray(0, pdfStartBytes).includes('%PDF-')) return 'pdf';
  if (endsAsZip(content)) return 'zip';
  for (const [start, end] of outside(scans, content.length)) {
    const found = markupIn(content.subarray(start, end));
    if (found !== null) return found;
  }
  return null;
}

/** The places between the scans' coded data, first and last byte after. */
function outside(scans: JpegStructure['scans'], bytes: number): (readonly [number, number])[] {
  const starts = [0, ...scans.map(({ end }) => end)];
  return starts.map((start, index) => [start, scans[index]?.start ?? bytes]);
}

/** Readers of PDF look for its mark that far. */
const pdfStartBytes = 1024;

/** A zip archive is read from its end, whatever comes before it. Source: APPNOTE.TXT, 4.3.16. */
function endsAsZip(content: Buffer): boolean {
  const from = Math.max(0, content.length - zipEndBytes - maxZipCommentBytes);
  const tail = content.subarray(from);
  for (let at = tail.lastIndexOf(zipEnd); at !== -1; at = at === 0 ? -1 : tail.lastIndexOf(zipEnd, at - 1)) {
    if (at + zipEndBytes > tail.length) continue;
    const directoryBytes = tail.readUInt32LE(at + 12);
    const commentBytes = tail.readUInt16LE(at + 20);
    // A picture may hold the four bytes by chance; the rest must fit as well.
    if (directoryBytes <= from + at && at + zipEndBytes + commentBytes <= tail.length) return true;
  }
  return false;
}

const zipEnd = Buffer.from('PK\x05\x06', 'latin1');
const zipEndBytes = 22;
const maxZipCommentBytes = 0xffff;

function markupIn(content: Buffer): OtherFormat | null {
  for (let at = content.indexOf(LESS_THAN); at !== -1; at = content.indexOf(LESS_THAN, at + 1)) {
    if (!isFirstOfMark(content[at + 1])) continue;
    const start = content.toString('latin1', at, at + longestMark).toLowerCase();
    const found = marks.find(({ mark }) => start.startsWith(mark));
    if (found !== undefined) return found.format;
  }
  return null;
}

/** Long enough that no picture holds them by chance. */
const marks: readonly { readonly mark: string; readonly format: OtherFormat }[] = [
  { mark: '<?php', format: 'php' },
  { mark: '<script', format: 'script' },
  { mark: '<!doctype html', format: 'html' },
  { mark: '<html', format: 'html' },
];
const longestMark = Math.max(...marks.map(({ mark }) => mark.length));
const isFirstOfMark = (byte: number | undefined): boolean => byte !== undefined && firstBytes.has(byte);
const firstBytes = new Set([...Buffer.from('?sS!hH', 'latin1')]);
const LESS_THAN = 0x3c;
