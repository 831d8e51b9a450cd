import type { Config } from '../shared/config/config';
import { type FileStoreKind, openFileStore } from '../shared/files/open-file-store';
import { type Moved, moveFiles } from './files/move';

interface Wish {
  readonly to: FileStoreKind;
  readonly verify?: boolean;
  readonly removeOthers?: boolean;
}

/** `epack files move`: copies every file from one store into the other. */
export async function moveTo(config: Config, { to, verify, removeOthers }: Wish): Promise<Moved> {
  if (removeOthers === true && config.fileStore === to)
    throw new Error(
      `The server uses this store (EPACK_FILE_STORE=${to}), and may have written to it: nothing may be removed from it.`,
    );
  return moveFiles({
    from: await openFileStore({ ...config, fileStore: to === 's3' ? 'disk' : 's3' }),
    to: await openFileStore({ ...config, fileStore: to }),
    verifies: verify === true,
    removesOthers: removeOthers === true,
  });
}

/** What became of the files, in sentences. */
export function moveSummary(moved: Moved, { to, removeOthers }: Wish): string[] {
  const { copied, copiedBytes, there, unfinished, others } = moved;
  const left = removeOthers === true ? 'were removed' : 'stay (--remove-others removes them)';
  return [
    `${copied} files of ${copiedBytes} bytes were copied and compared; ${there} were there already.`,
    ...(unfinished > 0
      ? [
          `${unfinished} files of resumable uploads are not complete and stay behind; their solutions begin them again.`,
        ]
      : []),
    ...(others > 0 ? [`${others} files that only the store ${to} has ${left}.`] : []),
  ];
}
