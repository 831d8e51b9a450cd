import type { FieldFault } from '../domain/field-fault';
import { passwordLength } from '../domain/staff';

/**
 * Why a user with that e-mail cannot have that password. Null: they can. An attacker who tries the most common
 * passwords, or the address itself, must not get in.
 */
export async function passwordFault(password: string, email: string): Promise<FieldFault | null> {
  const { least, most } = passwordLength;
  if (password.length < least) return { code: 'too-short', least };
  if (password.length > most) return { code: 'too-long', most };
  if (isLikeEmail(password.toLowerCase(), email.toLowerCase())) return { code: 'like-the-email' };
  return (await isCommon(password.toLowerCase())) ? { code: 'common-password' } : null;
}

/** Fewer characters than this beside the name, or beside a common password, are no password of their own. */
const leastBeside = 6;
const shortestName = 3;

function isLikeEmail(password: string, email: string): boolean {
  const [name = ''] = email.split('@');
  if (password.includes(email)) return true;
  return (
    name.length >= shortestName &&
    password.includes(name) &&
    password.replaceAll(name, '').length < leastBeside
  );
}

/** In one of the lists of passwords that were most often found, by itself or with digits and signs around it. */
async function isCommon(password: string): Promise<boolean> {
  if (isMonotonous(password) || isRun(password)) return true;
  const common = await commonPasswords();
  const word = password.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '');
  const isMostlyWord = word.length * 3 >= password.length * 2 || password.length - word.length < leastBeside;
  return [password, repeatedPart(password), ...(isMostlyWord ? [word] : [])].some((text) => common.has(text));
}

const leastDifferentCharacters = 5;
const isMonotonous = (password: string) => new Set(password).size < leastDifferentCharacters;

/** `passwordpassword` → `password`; what repeats nothing stays. */
const repeatedPart = (password: string) => /^(.{4,}?)\1+$/u.exec(password)?.[1] ?? password;

/** Keys beside each other, in one direction. */
const rows = [
  'abcdefghijklmnopqrstuvwxyz',
  '0123456789012345678901234567890',
  'qwertyuiopasdfghjklzxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  'qwertzuiopasdfghjklyxcvbnm',
];
const runs = rows.flatMap((row) => [row, Array.from(row).reverse().join('')]);
const isRun = (password: string) => runs.some((run) => run.includes(password));

let loaded: Promise<ReadonlySet<string>> | null = null;

/** Loaded by those who choose a password: it is some megabytes of memory. */
function commonPasswords(): Promise<ReadonlySet<string>> {
  loaded ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  );
  return loaded;
}
