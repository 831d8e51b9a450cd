import type { FieldFault } from './field-fault';

/** The problem of a field in French, as the end of a sentence that begins with the name of the field. */
export function faultInFrench(fault: FieldFault): string {
  switch (fault.code) {
    case 'not-a-field-name':
      return 'ce n’est pas le nom d’un champ';
    case 'not-well-formed':
      return `ce ne sont pas des éléments <${fault.element}> bien formés`;
    case 'not-a-value':
      return 'ce n’est pas une valeur';
    case 'not-a-single-value':
      return 'une seule valeur est attendue';
    case 'character-not-in-xml':
      return 'contient un caractère impossible en XML';
    case 'none-of':
      return `choisissez parmi ${fault.choices.join(', ')}`;
    case 'not-a-number':
      return 'ce n’est pas un nombre';
    case 'not-a-whole-number':
      return 'ce n’est pas un nombre entier';
    case 'not-between':
      return `doit être ${rangeText(fault)}`;
    case 'neither-true-nor-false':
      return 'ni vrai ni faux';
    case 'not-a-date':
      return 'ce n’est pas une date (AAAA-MM-JJ)';
    case 'not-a-time':
      return 'ce n’est pas une date avec heure (AAAA-MM-JJ hh:mm:ss)';
    case 'too-much':
      return 'trop de champs, ou trop longs';
    case 'not-an-id':
      return 'ce n’est pas un Id valable';
    case 'no-such-class':
      return `la classe ${fault.className} n’existe plus`;
    case 'no-such-account':
      return `il n’y a pas de compte ${fault.account}`;
    case 'account-needed':
      return 'choisissez un compte';
    case 'not-an-email':
      return 'ce n’est pas une adresse e-mail';
    case 'not-a-time-zone':
      return 'ce n’est pas un fuseau horaire, p. ex. Europe/Paris';
    case 'empty':
      return 'ne doit pas être vide';
    case 'too-long':
      return `${fault.most} caractères au plus`;
    case 'character-not-kept':
      return 'contient un caractère impossible à enregistrer';
    case 'not-a-url':
      return 'ce n’est pas une URL';
    case 'not-https':
      return fault.allowsHttp ? 'doit commencer par https:// ou http://' : 'doit commencer par https://';
    case 'holds-credentials':
      return 'ne doit contenir ni utilisateur ni mot de passe';
    case 'private-address':
      return 'mène à une adresse privée';
    case 'photo-has-no-text':
      return 'une photo n’a pas de texte';
    case 'wrong-password':
      return 'ce n’est pas le bon';
    case 'too-short':
      return `il faut au moins ${fault.least} caractères`;
    case 'like-the-email':
      return 'il ressemble trop à l’adresse e-mail';
    case 'common-password':
      return 'il est parmi les mots de passe essayés en premier';
    case 'same-password':
      return 'c’est le mot de passe actuel';
    case 'wrong-code':
      return 'ce n’est pas le code du moment, ou il a déjà servi';
    case 'not-to-be-had':
      return 'elle ne peut pas être utilisée ici ; un administrateur peut dire pourquoi';
    case 'not-in-templates':
      return 'un modèle ne peut pas contenir ce champ';
    case 'no-proof-left':
      return 'impossible : sans secret et avec n’importe quelle MAC, la seule adresse e-mail suffirait pour se connecter';
    case 'other':
      return fault.text;
  }
}

function rangeText({ min, max, unit }: Extract<FieldFault, { code: 'not-between' }>): string {
  const end = unit === undefined ? '' : ` ${unit}`;
  if (min === undefined) return `${max ?? ''}${end} au plus`;
  return max === undefined ? `${min}${end} au moins` : `entre ${min} et ${max}${end}`;
}
