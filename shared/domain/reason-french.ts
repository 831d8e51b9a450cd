import { faultInFrench } from './field-fault-french';
import { pairReasonsInFrench } from './reason-of-pairs-french';
import type { NumberRange, ReasonNames, ReasonSentences } from './reason';

/** Before : ; ? ! and inside « » stand no-break spaces, as French print has them. */
export const frenchReasons: ReasonSentences = {
  'number-expected': (values, names) => notWhat(values, names, `un nombre${rangeText(values, names)}`),
  'whole-number-expected': (values, names) =>
    notWhat(values, names, `un nombre entier${rangeText(values, names)}`),
  'choice-expected': (values, names) =>
    `${notWhat(values, names, 'une valeur admise')} Au choix : ${values.choices.join(', ')}.`,
  'boolean-expected': (values, names) => notWhat(values, names, 'un oui ou un non (1, 0, true ou false)'),
  'time-expected': (values, names) =>
    notWhat(values, names, 'une date avec heure, comme 2026-11-20 07:31:00, entre 1970 et 2199'),
  'date-expected': (values, names) =>
    notWhat(values, names, 'une date, comme 2026-11-20, entre 1970 et 2199'),
  'text-without-nul-expected': ({ column, value }, { field }) =>
    `${field(column)} : ${quoted(value)} contient un caractère NUL.`,
  'undeclared-with-nul': () => 'Une colonne non déclarée contient un caractère NUL.',

  'quote-never-closed': () => 'Un guillemet ouvert n’est jamais fermé.',
  'text-behind-quote': () => 'Une valeur entre guillemets continue après son guillemet fermant.',
  'row-too-large': () => 'La ligne est trop longue. Seul son début est conservé.',
  'row-cell-count': (count) =>
    `La ligne a ${several(count.cells, 'valeur', 'valeurs')}, la première ligne du fichier nomme ${several(count.expected, 'colonne', 'colonnes')}.`,
  'id-no-whole-number': () => 'L’Id n’est pas un nombre entier de 0 à 9223372036854775807.',
  'id-far-above': ({ step, highest }) =>
    `L’Id dépasse de plus de ${figure(step)} le plus élevé connu, ${highest}.`,
  'id-stored-otherwise': ({ id }) => `L’Id ${id} est déjà enregistré avec un autre contenu.`,
  'message-never-sent': ({ id }) => `Le manager n’a jamais envoyé de message ${id} à cette solution.`,

  'header-unreadable': ({ fault }) => `La première ligne est illisible : ${headerFaults[fault]}.`,
  'too-many-columns': ({ most }) => `Le fichier a plus de ${figure(most)} colonnes.`,
  'rows-end-with-cr': () => 'Les lignes doivent finir par LF ou CRLF, et non par CR seul.',
  'header-with-nul': () => 'La première ligne contient des caractères NUL.',
  'column-twice': ({ column }) => `La colonne ${quoted(column)} est là deux fois.`,
  'no-id-column': () => 'Le fichier n’a pas de colonne Id.',
  'undeclared-name-too-long': ({ mostBytes }) =>
    `Le nom d’une colonne non déclarée dépasse ${figure(mostBytes)} octets.`,
  'too-many-undeclared': ({ table, columns, most }, { subject }) =>
    `${subject(table)} : il y aurait ${several(columns, 'colonne non déclarée', 'colonnes non déclarées')}, pour ${figure(most)} au plus.`,

  'no-name-column': () => 'Le fichier n’a pas de colonne Name.',
  'photo-line-unsplit': () => 'La ligne ne peut pas être découpée en valeurs.',
  'photo-line-cell-count': (count) =>
    `La ligne a ${several(count.cells, 'valeur', 'valeurs')}, la première ligne du fichier nomme ${several(count.expected, 'colonne', 'colonnes')}.`,
  'photo-name-wrong': () => 'Name n’est pas un nom de photo.',
  'photo-time-wrong': () => 'TakenAt n’est pas une date avec heure.',
  'photo-table-wrong': () => 'Table n’est pas le nom d’un journal.',
  'photo-row-wrong': () => 'LogId n’est pas l’Id d’une ligne de journal.',

  'photo-too-many-bytes': ({ mostBytes }) => `Elle dépasse ${figure(mostBytes)} octets.`,
  'photo-no-jpeg': ({ format }) => `C’est une image ${format}, et non un JPEG.`,
  'photo-too-large-to-decode': () =>
    'Elle est progressive et dépasse 50 millions de pixels, ou ses couleurs sont trop fines pour être lues.',
  'photo-two-formats': ({ other }) => `C’est à la fois un JPEG et ${otherFormats[other]}.`,
  'photo-cut-short': () => 'Elle est tronquée.',
  'photo-damaged': () => 'Elle est endommagée.',
  'photo-empty': () => 'Le fichier est vide.',
  'photo-no-picture': () => 'Ce n’est pas une image.',
  'photo-too-many-pixels': ({ most }) => `Elle dépasse ${figure(most)} pixels.`,

  'entity-too-large': () => 'Le réglage est trop grand.',
  'field-twice': ({ field: name }, { field }) => `${field(name)} est là plus d’une fois.`,
  'text-between-fields': () => 'Il y a du texte entre ses champs.',
  'entity-without-id': () => 'Le réglage n’a pas d’Id.',
  'entity-id-wrong': () => 'Un Id est un mot de 64 caractères au plus, sans espace.',
  'is-active-wrong': (_, { field }) => `${field('IsActive')} : ni vrai ni faux.`,
  'same-id-further-down': () => 'Le même Id revient plus bas ; seule sa dernière occurrence compte.',
  'fields-wrong': ({ problems }, { field }) =>
    `${problems.map((problem) => `${field(problem.field)} : ${faultInFrench(problem.fault)}`).join(' ; ')}.`,
  'prefix-undeclared': ({ element }) => `Un préfixe dans <${element}> n’est pas déclaré.`,
  'character-not-in-xml': ({ line, character }) =>
    `Ligne ${line} : le caractère ${character} est impossible en XML.`,
  'bare-ampersand': ({ line }) => `Ligne ${line} : un « & » sans nom à sa suite ; il s’écrit « &amp; ».`,
  'reference-to-nothing': ({ line, reference }) => `Ligne ${line} : ${quoted(reference)} ne désigne rien.`,
  'went-back-and-forth': ({ field: name, times }, { field }) =>
    `${field(name)} a changé dans un sens puis dans l’autre ${times} fois en une heure.`,
  'too-many-changes': () => 'Il y a plus de modifications qu’une synchronisation ne peut en apporter.',
  'too-many-deletions': () => 'Il y a plus de suppressions qu’il n’en est permis en une fois.',

  'xml-malformed': ({ line, said }) => `Ligne ${line} : ${xmlFault(said)}.`,
  'xml-too-deep': ({ line, most }) =>
    `Ligne ${line} : plus de ${figure(most)} éléments sont imbriqués les uns dans les autres.`,
  'xml-no-array': ({ line, element }) => `Ligne ${line} : <${element}> n’est pas un ArrayOf….`,
  'xml-text-between-entities': ({ line }) => `Ligne ${line} : il y a du texte entre les réglages.`,
  'xml-too-many-entities': ({ line, most }) => `Ligne ${line} : il y a plus de ${figure(most)} réglages.`,
  'xml-text-too-long': ({ line }) => `Ligne ${line} : un texte ou une balise est trop long.`,
  'xml-doctype': ({ line }) => `Ligne ${line} : un DOCTYPE n’est pas admis ici.`,
  'xml-encoding-unknown': ({ line, encoding }) =>
    `Ligne ${line} : l’encodage ${quoted(encoding)} n’est pas lu ici.`,
  'xml-other-encoding': ({ line, encoding }) => `Ligne ${line} : les octets ne sont pas de l’${encoding}.`,

  'statement-too-large': () => 'Le fichier est trop grand.',
  'statement-no-json': () => 'Ce n’est pas du JSON.',
  'statement-wrong': ({ fields }) =>
    fields.length === 0
      ? 'Le contenu n’a pas la forme attendue.'
      : `Ce qui suit n’a pas la forme attendue : ${fields.join(', ')}.`,

  'quarantine-full': () =>
    'La solution a en quarantaine autant d’éléments ouverts qu’elle peut en avoir. Les suivants sont comptés ici.',
  'attempts-used-up': ({ attempts }) =>
    `L’envoi n’a pas pu être traité en ${several(attempts, 'tentative', 'tentatives')}. Il est conservé et peut être relancé.`,
  'nothing-read': ({ folder }) => {
    const place = folder === null ? '' : ` Tout se trouve dans le dossier ${quoted(folder)}.`;
    return `Rien de l’envoi n’a été lu, car aucun fichier n’y est à sa place.${place} Les dossiers xml, csv et photos doivent être à la racine de l’archive.`;
  },
  'too-many-rejections': ({ most }) =>
    `Plus de ${figure(most)} lignes ou réglages ne peuvent pas être appliqués.`,
  'no-attempt-ended': () => 'Aucune tentative n’est allée à son terme.',

  'channel-reset': () => 'Le canal a été réinitialisé.',
  'replay-of-sync': ({ sync, by }) => `De la synchronisation ${sync}, par ${by}.`,
  'replay-of-quarantine': ({ item, by }) => `De l’élément ${item} de la quarantaine, par ${by}.`,
  'photo-index-rebuilt': ({ forgotten, found }) =>
    `${several(forgotten, 'entrée retirée', 'entrées retirées')}, ${several(found, 'photo retrouvée', 'photos retrouvées')}.`,

  'offline-not-one': () => 'Ce n’est pas un fichier hors ligne d’une solution.',
  'offline-newer-version': () =>
    'Ce fichier vient d’une version plus récente du programme. Mettez le serveur à jour.',
  'offline-cut-off': () =>
    'Le fichier est incomplet. Copiez-le de nouveau depuis la clé, ou exportez-le de nouveau.',
  'offline-not-authentic': () =>
    'Le fichier a été modifié après son écriture, ou il a été écrit avec un secret qui n’est plus valable.',
  'offline-bad-contents': () => 'Le contenu du fichier est illisible. Exportez-le de nouveau.',
  'offline-unknown-solution': () => 'Aucune solution n’a l’adresse indiquée dans ce fichier.',
  'offline-other-device': () =>
    'Le fichier vient d’un appareil dont l’adresse MAC n’est pas celle de la solution.',
  'offline-wrong-direction': () =>
    'Ce fichier est une réponse du serveur. Il est à appliquer sur la solution.',
  'upload-not-kept': () => 'L’envoi n’est plus conservé.',
  'row-not-kept': () => 'La ligne ou la première ligne de son fichier n’a pas été conservée.',
  'entity-not-kept': () => 'Le réglage n’a pas été conservé en entier : envoyez son texte corrigé.',
  'file-not-in-upload': () => 'L’envoi ne contient pas ce fichier.',
  'notification-not-given-up': () => 'Elle n’a pas été abandonnée.',
  'work-is-done': () => 'C’est déjà fait.',
  'work-is-under-way': () => 'C’est en cours.',
  'nothing-ticked': () => 'Rien n’est coché.',

  'system-refuses-us': () => 'Le système refuse notre accès. Corrigez ses identifiants, puis reprenez.',
  'fields-do-not-fit': () =>
    'Les champs du système ne sont pas ceux que la paire attend. Corrigez la paire ou le système.',
  'secrets-without-value': ({ names }) =>
    names.length === 1
      ? `Le secret ${names.join('')} n’a pas de valeur. Définissez-le comme secret du système, ou dans l’environnement du worker.`
      : `Les secrets ${names.join(', ')} n’ont pas de valeur. Définissez-les comme secrets du système, ou dans l’environnement du worker.`,
  'changed-again-and-again': () => 'La fiche n’a cessé d’être modifiée pendant sa synchronisation.',
  'link-written-by-another': () => 'Son lien a été modifié par ailleurs au même moment.',
  'folder-is-missing': () => 'Son dossier n’existe pas.',

  ...pairReasonsInFrench,

  'no-mail-server': () => 'Aucun serveur de messagerie n’est configuré (EPACK_SMTP_URL).',
  'mail-server-unreachable': () => 'Le serveur de messagerie n’a pas pu être joint.',
  'webhook-unreachable': () => 'Le webhook n’a pas pu être joint.',
  'webhook-answered': ({ status }) => `La réponse a été ${status}.`,
  'webhook-redirects': ({ status }) => `La réponse a été ${status} ; les redirections ne sont pas suivies.`,
};

const notWhat = (
  { column, value }: { readonly column: string; readonly value: string },
  { field }: ReasonNames,
  what: string,
): string => `${field(column)} : ${quoted(value)} n’est pas ${what}.`;

function rangeText({ min, max, unit }: NumberRange, names: ReasonNames): string {
  const end = unit === undefined ? '' : ` ${names.unit(unit)}`;
  // The upper bound is left out if no number of this type can exceed it.
  const isOpen = max === undefined || max >= Number.MAX_SAFE_INTEGER;
  if (min === undefined) return isOpen ? end : ` jusqu’à ${figure(max)}${end}`;
  return isOpen ? ` à partir de ${figure(min)}${end}` : ` entre ${figure(min)} et ${figure(max)}${end}`;
}

const quoted = (text: string): string => `« ${text} »`;

const several = (count: number, one: string, many: string): string =>
  `${figure(count)} ${Math.abs(count) <= 1 ? one : many}`;

/** With the sign of a minus, not a hyphen. */
const figure = (value: number): string => figures.format(value).replace('-', '−');
const figures = new Intl.NumberFormat('fr-FR', { maximumFractionDigits: 6 });

const headerFaults = {
  'unterminated-quote': 'un guillemet ouvert n’est jamais fermé',
  'bad-quote': 'un guillemet est mal placé',
  'row-too-large': 'elle est trop longue',
} as const;

const otherFormats = {
  pdf: 'un document PDF',
  zip: 'une archive zip',
  php: 'un programme en PHP',
  script: 'une page avec un script',
  html: 'une page HTML',
} as const;

/**
 * Translates a message of the XML parser. For a message that is not listed here, the text only says that the XML is not
 * well-formed.
 */
function xmlFault(said: string): string {
  for (const [pattern, text] of xmlFaults) {
    const found = pattern.exec(said);
    if (found !== null) return text(found[1] ?? '');
  }
  return 'le XML n’est pas bien formé à cet endroit';
}

const xmlFaults: readonly (readonly [RegExp, (name: string) => string])[] = [
  [/^unclosed tag: (.+)$/, (name) => `la balise <${name}> n’est jamais fermée`],
  [
    /^unmatched closing tag: (.+)\.$/,
    (name) => `la balise fermante </${name}> ne correspond à aucune balise ouverte`,
  ],
  [/^unexpected close tag/, () => 'une balise est fermée sans avoir été ouverte'],
  [/^weird empty close tag/, () => 'une balise fermante est vide'],
  [/^unexpected end/, () => 'le fichier s’arrête trop tôt'],
  [/^duplicate attribute: (.+)\.$/, (name) => `l’attribut ${name} est donné deux fois`],
  [/must contain a root element/, () => 'le fichier ne contient aucun élément'],
  [/outside of root node/, () => 'il y a du texte hors de l’élément principal'],
  [/only one root/, () => 'il y a plus d’un élément principal'],
  [
    /XML declaration|name\/value pairs|^expected|^version number|^encoding value|^standalone|before root/,
    () => 'la déclaration XML est mal écrite',
  ],
  [/attribute|value required|must be quoted|whitespace required/, () => 'un attribut est mal écrit'],
  [/prefix|namespace|xmlns/, () => 'un préfixe est mal écrit ou n’est pas déclaré'],
  [/comment/, () => 'un commentaire est mal écrit'],
  [/processing instruction/, () => 'une instruction de traitement est mal écrite'],
  [/doctype/, () => 'un DOCTYPE n’est pas admis ici'],
  [/entity/, () => 'une référence (&…;) est mal écrite'],
  [/char data/, () => 'la suite « ]]> » est interdite dans un texte'],
  [/tag|malformed name/, () => 'une balise est mal écrite'],
  [/disallowed character/, () => 'un caractère n’a pas sa place ici'],
];
