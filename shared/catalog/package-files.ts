import type { Channel } from '../domain/channel';
import { findLogTable, type LogTable } from './log-tables';
import { findParameterClass, type ParameterClass } from './parameter-classes';

/** The kinds of files in an uploaded archive. The kind decides which part of the server reads the file. */
export type PackageFileKind =
  | { readonly kind: 'parameters'; readonly parameterClass: ParameterClass }
  | { readonly kind: 'log'; readonly table: LogTable }
  | { readonly kind: 'photo' }
  | { readonly kind: 'photo-list' }
  | { readonly kind: 'statement' }
  /** Nothing reads it. */
  | { readonly kind: 'ignored' };

/**
 * Decides the kind of a file by its name in the archive: `/`-separated, compared without case. Source: ePack V4, The
 * uploaded archive.
 */
export function packageFileKindOf(name: string, channel: Channel): PackageFileKind {
  const lower = name.normalize('NFC').toLowerCase();
  if (lower === 'solution.json') return { kind: 'statement' };
  const [, folder = '', base = '', ending = ''] = /^([^/]+)\/([^/]+)\.([^./]+)$/.exec(lower) ?? [];
  // The files that macOS adds for each file, with its name and extension.
  if (base.startsWith('._')) return ignored;
  if (folder === 'xml' && ending === 'xml') return parametersOf(base, channel);
  if (folder === 'csv' && ending === 'csv') return listOf(base, channel);
  if (channel === 'photos' && folder === 'photos' && /^jpe?g$/.test(ending)) return { kind: 'photo' };
  return ignored;
}

function parametersOf(base: string, channel: Channel): PackageFileKind {
  const parameterClass = findParameterClass(base);
  return parameterClass?.channel === channel ? { kind: 'parameters', parameterClass } : ignored;
}

function listOf(base: string, channel: Channel): PackageFileKind {
  const table = findLogTable(base);
  if (table?.channel === channel) return { kind: 'log', table };
  return channel === 'photos' && base === 'photos' ? { kind: 'photo-list' } : ignored;
}

const ignored: PackageFileKind = { kind: 'ignored' };
