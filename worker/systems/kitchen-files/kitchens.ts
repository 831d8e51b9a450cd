import { knownZone } from '../../../shared/domain/known-zone';
import type { FiledKitchen, KitchenPhotoStore } from '../../../shared/stores/photos/kitchen-photo-store';
import type { KitchenFilesEnd } from '../../../shared/systems/kitchen-files';
import { legalName } from './file-names';

/** A kitchen with the name of its folder, which no other kitchen of the pair has. */
export interface Kitchen {
  readonly id: number;
  readonly folder: string;
  /** A time zone that this platform knows. */
  readonly timezone: string;
}

export interface Kitchens {
  /** In the order of their numbers. */
  all(): Promise<readonly Kitchen[]>;
}

/** The kitchens that the pair files: those that its settings name, and no kitchen of another account than its own. */
export function createKitchens(
  store: Pick<KitchenPhotoStore, 'kitchens'>,
  { accounts, solutions }: Pick<KitchenFilesEnd, 'accounts' | 'solutions'>,
  accountId: number | null,
): Kitchens {
  const filter = {
    accountId,
    accounts: accounts ?? null,
    solutions: solutions?.map(String) ?? null,
  };
  return { all: async () => withFolders(await store.kitchens(filter)) };
}

/** Of two kitchens with one name, the one that was made later gets its number as well. */
function withFolders(kitchens: readonly FiledKitchen[]): Kitchen[] {
  const taken = new Set<string>();
  return kitchens.map(({ id, name, timezone }) => {
    const legal = legalName(name, 'Kitchen');
    const folder = taken.has(legal.toLowerCase()) ? `${legal} (${String(id)})` : legal;
    taken.add(folder.toLowerCase());
    return { id, folder, timezone: knownZone(timezone) };
  });
}
