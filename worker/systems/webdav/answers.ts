import type { HttpAnswer } from '../../outside/http-client';
import { Trouble } from '../../pipeline/trouble';
import type { TreeRefused } from '../tree/path-tree';
import { folderMissing, nameTaken, refusal } from '../../pipeline/refusal';

/**
 * True: it was done completely. A response that lists several resources means that some failed (RFC 4918, 9.6.1,
 * 9.9.4).
 */
export const isDone = ({ status }: HttpAnswer): boolean => status >= 200 && status < 300 && status !== 207;

export type WritingVerb = keyof typeof deeds;

/** What a status means for every verb. Throws if a later attempt may work. */
export function refusalOf({ status }: HttpAnswer, verb: WritingVerb): TreeRefused {
  const said = `${verb} returned ${status}`;
  switch (status) {
    case 507:
      throw new Trouble('unavailable', 'the server has no room left, or our user has none (507)');
    case 207:
    case 424:
      throw new Trouble('unavailable', `the server did not ${deeds[verb]}, or in part only (${said})`);
    case 500:
      throw failedInside(verb);
    case 403:
      return refusal('forbidden', { code: 'write-forbidden', values: { verb, answer: status } });
    case 404:
    case 409:
      return folderMissing;
    case 405:
    case 412:
      return nameTaken;
    case 413:
      return refusal('too-large', { code: 'file-too-large', values: {} });
    case 414:
      return refusal('bad-name', { code: 'path-too-long', values: {} });
    default:
      return refusal('invalid', { code: 'write-refused', values: { verb, answer: status } });
  }
}

/** Apache, for example, says nothing else if its own user may not write in a folder. */
export const failedInside = (verb: WritingVerb): Trouble =>
  new Trouble(
    'unavailable',
    `the server could not ${deeds[verb]} (${verb} returned 500); perhaps its own user has no right to write in that folder`,
  );

const deeds = {
  PUT: 'store the file',
  MKCOL: 'make the folder',
  MOVE: 'move the file or folder',
  DELETE: 'delete the file or folder',
} as const;
