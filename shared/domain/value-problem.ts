/**
 * Why a value cannot be stored by the system that is to get it, or has no word in a pair: a stable code, and what its
 * sentence needs. Values are quoted texts, cut to what people want to read.
 */
export type ValueProblem =
  | { readonly code: 'no-date'; readonly value: string; readonly form: string }
  | { readonly code: 'not-in-table'; readonly value: string }
  | { readonly code: 'no-exact-number'; readonly value: string }
  | { readonly code: 'neither-of'; readonly value: string; readonly one: string; readonly other: string }
  | { readonly code: 'no-record'; readonly value: string; readonly model: string }
  | { readonly code: 'pair-missing'; readonly pair: string }
  | { readonly code: 'no-number' | 'no-whole-number' | 'no-day' | 'no-time' | 'no-json' | 'no-base64' }
  | { readonly code: 'no-list-of-records' | 'other-end-of-relation' | 'more-than-one-record' }
  | { readonly code: 'without-file' | 'encrypted' }
  /** In the words of another system. */
  | { readonly code: 'said'; readonly text: string };

/** The end of an English sentence that begins with the field. The texts are part of the contract: do not change any. */
export function valueProblemInEnglish(problem: ValueProblem): string {
  switch (problem.code) {
    case 'no-date':
      return `is ${problem.value}, and no date as in ${problem.form}`;
    case 'not-in-table':
      return `is ${problem.value}, and the table of values has no such entry`;
    case 'no-exact-number':
      return `is ${problem.value}, and no number that can be kept exactly`;
    case 'neither-of':
      return `is ${problem.value}, and neither ${problem.one} nor ${problem.other}`;
    case 'no-record':
      return `is ${problem.value}, and that is neither a number nor an external id of ${problem.model}`;
    case 'pair-missing':
      return `names a record of the pair "${problem.pair}", and no such pair joins these systems yet`;
    case 'said':
      return problem.text;
    default:
      return plainEnglish[problem.code];
  }
}

/** The end of a French sentence that begins with the field and a colon. */
export function valueProblemInFrench(problem: ValueProblem): string {
  switch (problem.code) {
    case 'no-date':
      return `${problem.value} n’est pas une date de la forme ${problem.form}`;
    case 'not-in-table':
      return `${problem.value} n’est pas dans la table des valeurs`;
    case 'no-exact-number':
      return `${problem.value} n’est pas un nombre qui puisse être conservé tel quel`;
    case 'neither-of':
      return `${problem.value} n’est ni ${problem.one} ni ${problem.other}`;
    case 'no-record':
      return `${problem.value} n’est ni un numéro ni un identifiant externe de ${problem.model}`;
    case 'pair-missing':
      return `la valeur désigne une fiche de la paire « ${problem.pair} », et aucune paire de ce nom ne relie encore ces systèmes`;
    case 'said':
      return `le système répond « ${problem.text} »`;
    default:
      return plainFrench[problem.code];
  }
}

/** The problems that only have a code. */
type PlainCode = Exclude<
  ValueProblem['code'],
  'no-date' | 'not-in-table' | 'no-exact-number' | 'neither-of' | 'no-record' | 'pair-missing' | 'said'
>;

const plainEnglish: Readonly<Record<PlainCode, string>> = {
  'no-number': 'is no number',
  'no-whole-number': 'is no whole number',
  'no-day': 'is no date as in 2026-11-30',
  'no-time': 'is no time as in 2026-11-30 12:00:00',
  'no-json': 'is no JSON',
  'no-base64': 'must be base64, as bytes are written here',
  'no-list-of-records': 'is no list of records',
  'other-end-of-relation': 'is the other end of a relation, and is written there',
  'more-than-one-record': 'leads to one record, and more are named',
  'without-file': 'the document has no file',
  encrypted: 'the document is encrypted in ELO',
};

const plainFrench: Readonly<Record<PlainCode, string>> = {
  'no-number': 'ce n’est pas un nombre',
  'no-whole-number': 'ce n’est pas un nombre entier',
  'no-day': 'ce n’est pas une date comme 2026-11-30',
  'no-time': 'ce n’est pas une date avec heure comme 2026-11-30 12:00:00',
  'no-json': 'ce n’est pas du JSON',
  'no-base64': 'la valeur doit être en base64, la forme des octets ici',
  'no-list-of-records': 'ce n’est pas une liste de fiches',
  'other-end-of-relation': 'c’est l’autre bout d’une relation, qui s’écrit là-bas',
  'more-than-one-record': 'le champ mène à une seule fiche, et plusieurs sont nommées',
  'without-file': 'le document n’a pas de fichier',
  encrypted: 'le document est chiffré dans ELO',
};
