import { differingFields } from '../../../shared/domain/merge-differences';
import type { Middleware } from '../pipeline';

export interface FindDifferencesSettings {
  /** The fields that are synchronised; null: all that a copy has. */
  readonly prototype: readonly string[] | null;
}

/** Where both sides changed an entity: which fields differ, and who changed them. `one` is here, `other` there. */
export function findDifferences({ prototype }: FindDifferencesSettings): Middleware {
  return (entry, next) => {
    const { changes, views, agreed } = entry;
    const isOneSided = changes.here === 'unchanged' || changes.there === 'unchanged';
    if (entry.result !== undefined || isOneSided) return next();
    const copies = {
      base: agreed?.isActive === true ? agreed.fields : {},
      one: views.here.state?.fields ?? {},
      other: views.there.state?.fields ?? {},
    };
    entry.differences = differingFields(copies, prototype ?? undefined);
    return next();
  };
}
