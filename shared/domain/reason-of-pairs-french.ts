import type { PairReasonSentences } from './reason-of-pairs';
import { valueProblemInFrench } from './value-problem';

/** Before : ; ? ! and inside « » stand no-break spaces, as French print has them. */
export const pairReasonsInFrench: PairReasonSentences = {
  'disputed-parts': () => 'Il reste un désaccord que quelqu’un doit trancher.',
  'both-sides-changed': () => 'Les deux côtés l’ont modifié ; quelqu’un doit trancher.',
  'several-alike': () => 'Plusieurs fiches pourraient être la même.',
  'several-from-earlier-run': ({ count }) =>
    `${figure(count)} fiches pourraient être celle qu’un passage précédent allait créer.`,
  'name-taken-undecided': () => 'Son nom est déjà pris ; quelqu’un doit trancher.',
  'waits-for-approval': () => 'Une approbation est attendue.',
  'deletions-wait': () => 'Autant de suppressions attendent une approbation.',
  'folder-not-left': () => 'Un élément qui était dans le dossier a échoué ou attend encore.',
  'folder-not-synchronised': () => 'Son dossier n’est pas encore synchronisé.',
  'target-not-synchronised': ({ field }) => `Ce que désigne ${field} n’est pas encore synchronisé.`,
  'turn-did-not-come': () => 'Le passage s’est terminé avant son tour.',

  'entry-too-large': () => 'La taille dépasse celle qui est permise pour un élément.',
  'run-too-large': () => 'Il y a plus de données qu’un passage ne peut en traiter.',

  'name-taken': () => 'Un autre élément porte déjà ce nom.',
  'name-impossible': ({ name }) => `Le nom « ${name} » ne peut pas être écrit de ce côté.`,
  'name-to-be-fitted': ({ fitting }) => `SharePoint n’accepte pas ce nom ; il accepterait « ${fitting} ».`,
  'name-refused': () => 'Le système n’accepte pas ce nom.',
  'path-too-long': () => 'Le nom ou son chemin est trop long pour le système.',
  'path-above-limit': ({ most }) => `Le chemin dépasse les ${figure(most)} caractères que le système permet.`,
  'folder-in-itself': () => 'Un dossier ne peut pas se trouver dans lui-même.',
  'folder-not-empty': () => 'Le dossier n’est pas vide.',
  'folder-is-symbolic-link': () => 'Son dossier est un lien symbolique, et ces liens ne sont pas suivis.',
  'file-too-large': () => 'Le fichier est trop volumineux pour le système.',
  'permissions-missing': () => 'Les droits du dossier ne le permettent pas.',
  'mounted-read-only': () => 'Le système de fichiers est monté en lecture seule.',
  'place-missing': () => 'Un document doit avoir un emplacement.',
  'folders-unknown': () => 'Le système n’a pas de dossiers.',
  'left-out-by-pair': () => 'La paire laisse de côté ce qui a un tel chemin (leaveOut).',
  'only-read': () => 'Les photos et les exports des cuisines sont seulement lus.',
  'locked-by': ({ who }) => `Quelqu’un l’a verrouillé là-bas : ${who}.`,
  'record-already-there': () => 'Une fiche semblable s’y trouve déjà.',
  'row-left-out-by-trigger': () =>
    'La table n’a pas pris la ligne : un de ses déclencheurs l’a laissée de côté.',
  'value-unfit': ({ field, problem }) => `Champ ${field} : ${valueProblemInFrench(problem)}.`,
  'form-lacks-fields': ({ form, fields }) =>
    `Le masque d’indexation ${form} de ce document n’a pas de champ ${fields.join(', ')}.`,
  'form-requires-fields': ({ form, fields }) =>
    `Le masque d’indexation ${form} exige une valeur dans ${fields.join(', ')}.`,
  'write-forbidden': ({ verb, answer }) =>
    `Le serveur ne nous permet pas de ${deeds[verb]} (réponse ${answer} à ${verb}).`,
  'write-refused': ({ verb, answer }) => `Le serveur refuse de ${deeds[verb]} (réponse ${answer} à ${verb}).`,
  'status-returned': ({ answer }) => `Le serveur a répondu ${answer}.`,
  'refused-by-system': ({ said }) => `Le système refuse : « ${said} ».`,

  'attempt-failed': ({ said }) => `La tentative a échoué : « ${said} ».`,
  'policy-unknown': ({ policy }) => `Rien ne décide pour la règle ${policy}.`,
  undecided: () => 'Aucune étape n’a décidé de la suite.',
};

const figures = new Intl.NumberFormat('fr-FR');
const figure = (value: number): string => figures.format(value);

const deeds = {
  PUT: 'enregistrer le fichier',
  MKCOL: 'créer le dossier',
  MOVE: 'déplacer le fichier ou le dossier',
  DELETE: 'supprimer le fichier ou le dossier',
} as const;
