import type { EventContents } from '../../shared/stores/pairs/link-store';
import type { PerSide } from '../pipeline/sides';
import type { Item } from '../pipeline/system';

/** Size and hash of what each side holds. Null: no side has content, or nothing was looked at. */
export function contentsOf(items: PerSide<Item | null> | null | undefined): EventContents | null {
  if (items === null || items === undefined) return null;
  const [here, there] = [factsOf(items.here), factsOf(items.there)];
  return here === null && there === null ? null : { here, there };
}

function factsOf(item: Item | null): EventContents['here'] {
  const content = item?.content ?? null;
  return content === null ? null : { bytes: content.size, hash: content.hash };
}
