import { createHash, randomUUID } from 'node:crypto';

/** An entry of the archive as the fake keeps it. */
export interface EloEntry {
  readonly id: number;
  guid: string;
  name: string;
  readonly isFolder: boolean;
  parentId: number;
  /** Folders in which it is seen as well. */
  readonly references: Set<number>;
  isDeleted: boolean;
  TStamp: string;
  /** Who may write it alone. */
  lockedBy: string | null;
  readonly versions: EloVersion[];
  readonly objKeys: Map<string, string[]>;
  /** The number of its keywording form. */
  form: number;
  encryptionSet: number;
  /** Our user may not even read it. */
  isHidden: boolean;
}

export interface EloVersion {
  readonly id: number;
  readonly guid: string;
  readonly ext: string;
  readonly bytes: Buffer;
  readonly comment: string;
}

/** A keywording form, which ELO also calls a mask. */
export interface EloForm {
  readonly id: number;
  name: string;
  lines: EloLine[];
}

/** An index field of a form. */
export interface EloLine {
  readonly id: number;
  readonly key: string;
  /** `DocMaskLineC.TYPE_TEXT` and the like. */
  type: number;
  required: boolean;
  readonly most?: number;
  readonly usual?: string;
}

export const rootId = 1;

export const lineTypes = { text: 3000, number: 3002, isoDate: 3004 };

/** The tree of an archive, and what its other users do in it. It knows no HTTP. */
export class EloArchive {
  readonly entries = new Map<number, EloEntry>();
  /** The first two are those that ELO chooses for documents and for folders. */
  readonly forms: EloForm[] = [
    { id: 0, name: 'Freie Eingabe', lines: textLines('AKTE', 'TAGS') },
    { id: 1, name: 'Ordner', lines: [] },
  ];
  /** Habits that only some installations of ELO have, and that its REST interface cannot set. */
  readonly habits = { addingTouchesFolder: false, lockTouches: false };
  private lastId = rootId;
  private lastVersion = 5000;

  /** Milliseconds since 1970, by the server's clock. */
  constructor(private readonly now: () => number) {
    this.entries.set(rootId, this.made({ id: rootId, parentId: 0, name: 'Archiv', isFolder: true }));
  }

  private made(entry: {
    id: number;
    parentId: number;
    name: string;
    isFolder: boolean;
    guid?: string;
  }): EloEntry {
    return {
      form: entry.isFolder ? 1 : 0,
      guid: guid(),
      references: new Set(),
      isDeleted: false,
      TStamp: this.stamp(),
      lockedBy: null,
      versions: [],
      objKeys: new Map(),
      encryptionSet: 0,
      isHidden: false,
      ...entry,
    };
  }

  stamp(): string {
    return new Date(this.now()).toISOString().slice(0, 19).replaceAll(/[-T:]/g, '.');
  }

  add(parentId: number, name: string, isFolder: boolean, wish: { guid?: string } = {}): EloEntry {
    const entry = this.made({ id: ++this.lastId, parentId, name, isFolder, ...wish });
    this.entries.set(entry.id, entry);
    const folder = this.entries.get(parentId);
    if (this.habits.addingTouchesFolder && folder !== undefined) folder.TStamp = this.stamp();
    return entry;
  }

  addVersion(entry: EloEntry, ext: string, bytes: Buffer, comment = ''): EloVersion {
    const version = { id: ++this.lastVersion, guid: guid(), ext, bytes, comment };
    entry.versions.push(version);
    this.touch(entry);
    return version;
  }

  touch(entry: EloEntry): void {
    entry.TStamp = this.stamp();
  }

  byName(name: string): EloEntry | undefined {
    const all = [...this.entries.values()];
    if (/^\d+$/.test(name)) return this.entries.get(Number(name));
    if (name.startsWith('(')) return all.find((entry) => entry.guid === name);
    return this.byPath(name);
  }

  /** By its number or its name. */
  formOf(name: string | number): EloForm | undefined {
    return this.forms.find((form) => form.id === Number(name) || form.name === name);
  }

  /** `ARCPATH[4]:¶a¶b`, "can only be utilized on non-deleted Sords". */
  private byPath(path: string): EloEntry | undefined {
    const [, base, between = '', rest = ''] = /^ARCPATH(?:\[(\d+)\])?:(.)(.*)$/s.exec(path) ?? [];
    let found: EloEntry | undefined = this.entries.get(base === undefined ? rootId : Number(base));
    for (const name of rest.split(between)) {
      const folder: EloEntry | undefined = found;
      found = folder === undefined ? undefined : this.seenIn(folder.id).find((entry) => entry.name === name);
    }
    return found;
  }

  /** Live entries of a folder, those that are only referred to as well. */
  seenIn(folderId: number): EloEntry[] {
    return [...this.entries.values()].filter(
      (entry) => !entry.isDeleted && (entry.parentId === folderId || entry.references.has(folderId)),
    );
  }

  childrenOf(folderId: number): EloEntry[] {
    return [...this.entries.values()].filter((entry) => entry.parentId === folderId);
  }

  /** From below the archive's root to the folder of the entry. */
  foldersAbove({ parentId }: EloEntry): EloEntry[] {
    const folder = this.entries.get(parentId);
    return folder === undefined || folder.id === rootId ? [] : [...this.foldersAbove(folder), folder];
  }

  /** A deletion in ELO is a mark. The times of what lies in a folder do not move: no search for changes finds it. */
  remove(entry: EloEntry): void {
    this.mark(entry);
    this.touch(entry);
  }

  private mark(entry: EloEntry): void {
    entry.isDeleted = true;
    this.childrenOf(entry.id).forEach((child) => this.mark(child));
  }
}

export const textLines = (...keys: readonly string[]): EloLine[] =>
  keys.map((key, id) => ({ id, key, type: lineTypes.text, required: false }));

export const guid = (): string => `(${randomUUID().toUpperCase()})`;

export const currentVersion = ({ versions }: EloEntry): EloVersion | undefined => versions.at(-1);

export const md5Of = (bytes: Buffer): string => createHash('md5').update(bytes).digest('hex').toUpperCase();
