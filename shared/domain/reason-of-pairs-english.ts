import type { PairReasonSentences } from './reason-of-pairs';
import { valueProblemInEnglish } from './value-problem';

/** The sentences are part of the contract: do not change any. */
export const pairReasonsInEnglish: PairReasonSentences = {
  'disputed-parts': () => 'someone has to decide what is disputed',
  'both-sides-changed': () => 'both sides changed it, and someone has to decide',
  'several-alike': () => 'several items could be the same entity',
  'several-from-earlier-run': ({ count }) =>
    `${count} items could be what an earlier run was about to create`,
  'name-taken-undecided': () => 'its name is taken, and someone has to decide',
  'waits-for-approval': () => 'it waits for an approval',
  'deletions-wait': () => 'so many deletions wait for an approval',
  'folder-not-left': () => 'something that lay in the folder failed or waits',
  'folder-not-synchronised': () => 'its folder is not synchronised yet',
  'target-not-synchronised': ({ field }) => `what ${field} is linked to is not synchronised yet`,
  'turn-did-not-come': () => 'the run ended before its turn came',

  'entry-too-large': () => 'larger than one entry may be',
  'run-too-large': () => 'more data than one run may have',

  'name-taken': () => 'something else has that name',
  'name-impossible': ({ name }) => `the name "${name}" cannot be written there`,
  'name-to-be-fitted': ({ fitting }) => `SharePoint takes no such name; it would take "${fitting}"`,
  'name-refused': () => 'the system does not take that name',
  'path-too-long': () => 'the name, or its path, is longer than the system takes',
  'path-above-limit': ({ most }) => `its path is longer than the ${most} characters that the system allows`,
  'folder-in-itself': () => 'a folder cannot lie in itself',
  'folder-not-empty': () => 'the folder is not empty',
  'folder-is-symbolic-link': () => 'its folder is a symbolic link, and those are not followed',
  'file-too-large': () => 'the file is larger than the system takes',
  'permissions-missing': () => 'the permissions of the folder do not allow that',
  'mounted-read-only': () => 'the file system is mounted to be read only',
  'place-missing': () => 'a document has a place',
  'folders-unknown': () => 'the system has no folders',
  'left-out-by-pair': () => 'the pair leaves out what has such a path (leaveOut)',
  'only-read': () => 'the photos and exports of kitchens are only read',
  'locked-by': ({ who }) => `someone has locked it there: ${who}`,
  'record-already-there': () => 'a record like it is already there',
  'row-left-out-by-trigger': () => 'the table did not take it: a trigger of it left the row out',
  'value-unfit': ({ field, problem }) => `${field}: ${valueProblemInEnglish(problem)}`,
  'form-lacks-fields': ({ form, fields }) =>
    `the keywording form ${form} of this document has no field ${fields.join(', ')}`,
  'form-requires-fields': ({ form, fields }) =>
    `the keywording form ${form} requires a value in ${fields.join(', ')}`,
  'write-forbidden': ({ verb, answer }) =>
    `the server does not allow us to ${deeds[verb]} (${verb} returned ${answer})`,
  'write-refused': ({ verb, answer }) => `the server refuses to ${deeds[verb]} (${verb} returned ${answer})`,
  'status-returned': ({ answer }) => `the server returned ${answer}`,
  'refused-by-system': ({ said }) => said,

  'attempt-failed': ({ said }) => said,
  'policy-unknown': ({ policy }) => `nothing decides the policy ${policy}`,
  undecided: () => 'no step decided what becomes of it',
};

const deeds = {
  PUT: 'store the file',
  MKCOL: 'make the folder',
  MOVE: 'move the file or folder',
  DELETE: 'delete the file or folder',
} as const;
