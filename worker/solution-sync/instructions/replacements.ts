import { type LogTable, logTablesOf } from '../../../shared/catalog/log-tables';
import { type ParameterClass, parameterClassesOf } from '../../../shared/catalog/parameter-classes';
import { haveEffect } from '../../../shared/catalog/special-syncs';
import type { Db } from '../../../shared/db/database';
import type { ChannelKey } from '../../../shared/domain/channel';
import { createReplacementStore } from '../../../shared/stores/parameters/replacement-store';
import type { Begun } from '../../../shared/stores/syncs/sync-steps';

/** The classes and tables that a package sends completely, as `r`. */
export interface Replacements {
  readonly parameterClasses: readonly ParameterClass[];
  readonly tables: readonly LogTable[];
}

/** The replacements that the flags ask for now, and those that the solution could not carry out before. */
export async function dueReplacements(
  db: Db,
  { solutionId, channel, syncId }: ChannelKey & { readonly syncId: string },
  { flags, hasReplacements }: Pick<Begun, 'flags' | 'hasReplacements'>,
): Promise<Replacements> {
  const [classes, tables] = [parameterClassesOf(channel), logTablesOf(channel)];
  const asked = [
    ...(haveEffect(flags, 'tells-all-parameters') ? classes.map(classFileOf) : []),
    ...(haveEffect(flags, 'tells-all-logs') ? tables.map(tableFileOf) : []),
  ];
  const replacements = createReplacementStore(db);
  const fromManager = haveEffect(flags, 'keeps-manager');
  if (asked.length > 0) await replacements.ask({ solutionId, channel }, asked, fromManager);
  if (asked.length === 0 && !hasReplacements) return { parameterClasses: [], tables: [] };
  const due = new Set(await replacements.take({ solutionId, channel }, syncId));
  return {
    parameterClasses: classes.filter((one) => due.has(classFileOf(one))),
    tables: tables.filter((one) => due.has(tableFileOf(one))),
  };
}

export const classFileOf = ({ name }: ParameterClass) => `xml/${name}-r.xml`;
export const tableFileOf = ({ name }: LogTable) => `csv/${name}-r.csv`;
