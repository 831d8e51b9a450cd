import { hasLocalCopy, openLocalCopy } from '../local-copy/local-copy';
import { managerMessages, readMessages } from '../local-copy/messages';
import { noCopy } from '../solution-error';
import { plural, table } from '../wording';

/** Prints the manager's messages, the latest first. @throws SolutionError `no-copy`. `areRead`: from now on they count as read. */
export async function showMessages(dir: string, areRead: boolean): Promise<void> {
  if (!(await hasLocalCopy(dir))) throw noCopy(dir);
  const copy = await openLocalCopy(dir);
  try {
    const messages = await managerMessages(copy);
    const rows = messages.map(({ id, kind, subject, readAt }) => [id, kind, subject, readAt || 'unread']);
    console.log(table(['id', 'kind', 'subject', 'read'], rows).join('\n'));
    if (!areRead) return;
    const read = await readMessages(copy, new Date());
    console.log(`${plural(read.length, 'message')} read; the next sync tells the manager.`);
  } finally {
    await copy.close();
  }
}
