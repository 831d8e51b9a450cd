import { type Copy, type Fields, sameCopy } from '../domain/merge-copy';
import type { SolutionEntity } from '../domain/solution-entity';
import type { TemplateScope } from '../db/template-comparison';
import type { LockedParam, ParamSetStore, ParamWrite } from '../stores/parameters/param-set-store';
import type { Difference, TemplateDifferenceStore } from '../stores/templates/template-difference-store';
import type { TemplateSiteStore } from '../stores/templates/template-site-store';

/** The stores, on one transaction. */
export interface TemplateStores {
  readonly paramSets: ParamSetStore;
  readonly templateDifferences: Pick<TemplateDifferenceStore, 'all' | 'markSent'>;
  readonly templateSites: Pick<TemplateSiteStore, 'lock'>;
}

export interface TemplateApplication {
  readonly scope: TemplateScope & { readonly solutionIds: readonly number[] };
  /** `keep`: own values of a kitchen stay. `overwrite`: the template's values replace them. */
  readonly ownValues: 'keep' | 'overwrite';
  /** With `overwrite`, only this field. Null: all fields. */
  readonly field: string | null;
  /** E-mail. */
  readonly by: string;
}

/** What was written to one kitchen. */
export interface AppliedToSite {
  readonly solutionId: number;
  readonly written: number;
  /** Entities on which a sync is at work, that have just changed, or of which a newer copy is in quarantine. */
  readonly skipped: number;
}

/**
 * Brings a state of a template into the copies that the manager has of some kitchens. The kitchens get it with their next
 * packages. Call it in a transaction; it takes five statements, however many kitchens and entities there are. What was
 * skipped is found again by the next call. Kitchens that do not follow the template (any more) are left out.
 */
export async function applyTemplate(
  stores: TemplateStores,
  { scope, ownValues, field, by }: TemplateApplication,
): Promise<AppliedToSite[]> {
  const solutionIds = await stores.templateSites.lock(scope.templateId, scope.solutionIds);
  const followed = { ...scope, solutionIds };
  const differences = await stores.templateDifferences.all(followed);
  const wanted = differences.flatMap((difference) => {
    const copy = ownValues === 'keep' ? editedCopy(difference) : overwrittenCopy(difference, field);
    if (copy === null || sameCopy(copy, difference.held)) return [];
    return [{ ...keyOf(difference), copy, held: difference.held }];
  });
  const locked = await stores.paramSets.lock(wanted);
  const written = wanted.filter((write, place) => isAsCompared(write, locked[place]));
  await stores.paramSets.write(written.map(writeOf), by);
  const done = new Set(written.map(textOf));
  const skipped = wanted.filter((write) => !done.has(textOf(write)));
  // What a kitchen kept although the template removed it goes on being a deviation.
  const kept = ownValues === 'keep' ? differences.filter(({ ownKind }) => ownKind === 'kept') : [];
  await stores.templateDifferences.markSent(followed, [...skipped, ...kept.map(keyOf)]);
  const counts = { written: countsOf(written), skipped: countsOf(skipped) };
  return solutionIds.map((solutionId) => ({
    solutionId,
    written: counts.written.get(solutionId) ?? 0,
    skipped: counts.skipped.get(solutionId) ?? 0,
  }));
}

/** The most entities of kitchens that one transaction compares. */
const entitiesPerTransaction = 20_000;

/** Kitchens in groups that one transaction can work on. */
export function siteGroups(solutionIds: readonly number[], entities: number): number[][] {
  const size = Math.max(1, Math.floor(entitiesPerTransaction / Math.max(1, entities)));
  const groups: number[][] = [];
  for (let start = 0; start < solutionIds.length; start += size)
    groups.push(solutionIds.slice(start, start + size));
  return groups;
}

interface Wanted extends SolutionEntity {
  readonly copy: Copy;
  /** The manager's copy that was compared. Null: there was none. */
  readonly held: Copy | null;
}

/** False: someone is at work on it or has changed it since, or a newer copy of the kitchen must not be overwritten. */
function isAsCompared({ held }: Wanted, locked: LockedParam | undefined): boolean {
  if (locked === undefined || locked.isBusy || locked.hasNewerCopy) return false;
  return locked.copy === null || held === null ? locked.copy === held : sameCopy(locked.copy, held);
}

const writeOf = ({ copy, held, ...key }: Wanted): ParamWrite => ({
  ...keyOf(key),
  copy,
  isNew: held === null,
});

/** Null: nothing is to be done. */
function editedCopy({ editKind, pending, wanted, held }: Difference): Copy | null {
  switch (editKind) {
    case 'add':
      return { isActive: true, fields: wanted };
    case 'change':
      return { isActive: true, fields: merged(held?.fields ?? {}, pending) };
    case 'remove':
      return { isActive: false, fields: held?.fields ?? {} };
    case null:
      return null;
  }
}

function overwrittenCopy(difference: Difference, field: string | null): Copy | null {
  const { editKind, ownKind, pending, own, wanted, held } = difference;
  switch (ownKind) {
    case 'values': {
      const taken = field === null ? own : only(own, field);
      return { isActive: true, fields: merged(held?.fields ?? {}, { ...pending, ...taken }) };
    }
    case 'deleted':
      return { isActive: true, fields: wanted };
    case 'kept':
      return { isActive: false, fields: held?.fields ?? {} };
    case null:
      return editKind === null ? null : editedCopy(difference);
  }
}

const merged = (before: Fields, after: Fields): Fields =>
  Object.fromEntries([...Object.entries(before), ...Object.entries(after)]);

const only = (fields: Fields, name: string): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([one]) => one === name));

const keyOf = ({ solutionId, className, id }: SolutionEntity): SolutionEntity => ({
  solutionId,
  className,
  id,
});

const textOf = ({ solutionId, className, id }: SolutionEntity) => `${solutionId} ${className} ${id}`;

/** By solution. */
function countsOf(keys: readonly SolutionEntity[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const { solutionId } of keys) counts.set(solutionId, (counts.get(solutionId) ?? 0) + 1);
  return counts;
}
