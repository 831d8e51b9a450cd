import { readFile } from 'node:fs/promises';
import { applyPairFile, type AppliedFile } from '../api/backoffice/services/pair-files';
import type { Config } from '../shared/config/config';
import { commandLineCaller } from '../shared/domain/staff';
import { createSeal } from '../shared/seal/seal';
import { createPairConfigStore } from '../shared/stores/pairs/pair-config-store';
import { createSystemStore } from '../shared/stores/pairs/system-store';
import { openStoreAccess } from '../shared/stores/store-access';
import { withDatabase } from './administration';

// `epack pairs …` and `epack systems …`: by the same services as the backoffice.

/** What a command has to say, and whether all is well. */
export interface Told {
  readonly lines: readonly string[];
  readonly isWell: boolean;
}

const well = (lines: readonly string[]): Told => ({ lines, isWell: true });

/**
 * `epack pairs check` and `epack pairs apply`. `isTrial`: nothing is written. Every mistake is told at once, with file,
 * line and the key's path.
 */
export async function applyFile(
  config: Config,
  path: string,
  { isTrial }: { readonly isTrial: boolean },
): Promise<Told> {
  const text = await readFile(path, 'utf8');
  const seal = createSeal(config.secretsKeys);
  const applied = await withDatabase(config, (db) =>
    applyPairFile({ ...openStoreAccess(db), seal }, commandLineCaller, { text, isTrial }),
  );
  return toldOfFile(path, applied);
}

function toldOfFile(path: string, applied: AppliedFile): Told {
  if (!applied.isSound) {
    const lines = applied.mistakes.map(({ line, path: keys, reason }) =>
      [`${path}:${line}`, ...(keys === '' ? [] : [keys]), reason].join(' '),
    );
    return { lines, isWell: false };
  }
  const changes = applied.changes.map(({ what, name, outcome, changed }) => {
    const where = changed.length === 0 ? '' : `: ${changed.join(', ')}`;
    return `${what} ${name} ${outcome}${where}`;
  });
  return well([...changes, ...applied.remarks]);
}

/** `epack pairs list`. */
export function listPairs(config: Config): Promise<Told> {
  return withDatabase(config, async (db) => {
    const { items } = await createPairConfigStore(db).list('all', everything);
    if (items.length === 0) return well(['There are no pairs.']);
    return well(
      items.map(({ name, here, there, mode, pausedReason }) =>
        [
          name,
          `${here.name} = ${there.name}`,
          mode,
          ...(pausedReason === null ? [] : [`paused: ${pausedReason}`]),
        ].join('  '),
      ),
    );
  });
}

/** `epack systems list`. */
export function listSystems(config: Config): Promise<Told> {
  return withDatabase(config, async (db) => {
    const { items } = await createSystemStore(db).list('all', everything);
    if (items.length === 0) return well(['There are no systems.']);
    return well(
      items.map(({ name, kind, state, pausedReason }) =>
        [name, kind, state, ...(pausedReason === null ? [] : [pausedReason])].join('  '),
      ),
    );
  });
}

const everything = { limit: 10_000, after: null };
