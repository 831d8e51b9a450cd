import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import type { IxApi } from './api';
import { IxFault, ixCodes, unless, unreadable } from './faults';
import { editInfo, lock, noLock } from './selectors';
import { type DocVersion, readSord, type Sord } from './sord';

/** Reads single entries. An entry can be named by a GUID, a number, or `ARCPATH:…`. */
export interface EntryReader {
  /** Null: there is no entry of that name. A deleted entry is returned, marked as deleted. */
  look(name: string, signal: AbortSignal): Promise<Sord | null>;
  /** Like `look`, and locks the entry. Throws `IxFault` `locked` if someone else has locked it. */
  lock(name: string, signal: AbortSignal): Promise<Sord | null>;
  /** The address at which the bytes of that version can be read now. */
  addressOf(entry: Sord, file: DocVersion, signal: AbortSignal): Promise<string>;
}

const editInfoAnswer = z.looseObject({
  sord: z.unknown().optional(),
  document: z
    .looseObject({ docs: z.array(z.looseObject({ url: z.string().optional() })).nullish() })
    .nullish(),
});

export function createEntryReader(api: IxApi): EntryReader {
  async function checkout(name: string, lockZ: object, signal: AbortSignal): Promise<Sord | null> {
    if (!isName.test(name)) return null;
    const parameters = { objId: name, editInfoZ: editInfo, lockZ };
    const read = async (method: string) => {
      const operation = lockZ === noLock ? 'fetch' : 'lock';
      const answer = await unless(
        ixCodes.notFound,
        api.call({ operation, name: method, parameters }, signal),
        null,
      );
      return answer === null ? null : editInfoAnswer.parse(answer);
    };
    const info = await read('checkoutSord');
    if (info === null) return null;
    if (info.sord !== undefined && info.sord !== null) return readSord(info.sord);
    // One version of the index server leaves the entry out here and returns it there.
    const again = await read('checkoutDoc');
    return again === null ? null : readSord(again.sord);
  }

  return {
    look: (name, signal) => checkout(name, noLock, signal),
    lock: (name, signal) => checkout(name, lock, signal),
    async addressOf({ guid }, file, signal) {
      const parameters = { objId: guid, docId: String(file.id), editInfoZ: editInfo, lockZ: noLock };
      try {
        const answer = await api.call({ operation: 'fetch', name: 'checkoutDoc', parameters }, signal);
        const [found] = editInfoAnswer.parse(answer).document?.docs ?? [];
        if (found?.url !== undefined && found.url !== '') return found.url;
      } catch (error) {
        throw error instanceof IxFault ? unreadable(error) : error;
      }
      throw new Trouble('unavailable', 'ELO named no address for the file');
    },
  };
}

/** A text that ELO could understand as another kind of name is never sent. */
const isName = /^(?:\([0-9A-Fa-f-]{36}\)|\d{1,10}|ARCPATH(?:\[\d{1,10}\])?:.+)$/s;

/** Joins the names with a character that none of them contains. */
export function archivePath(names: readonly string[], base: number | null = null): string {
  const between = ['¶', '|', '§', '\u0001'].find((one) => !names.some((name) => name.includes(one))) ?? '¶';
  return `ARCPATH${base === null ? '' : `[${base}]`}:${names.map((name) => `${between}${name}`).join('')}`;
}
