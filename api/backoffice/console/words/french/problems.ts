import { faultInFrench } from '../../../../../shared/domain/field-fault-french';
import type { ProblemsWords } from '../english/problems';

const problems: ProblemsWords['problems'] = {
  'bad-request': 'Il manque quelque chose, ou c’est trop long ou mal écrit.',
  'already-exists': 'Cela existe déjà.',
  'follows-other-template': 'Une de ces cuisines suit déjà un autre modèle. Elle doit d’abord le quitter.',
  'not-in-templates': 'Un modèle ne peut pas contenir cette classe.',
  'not-confirmed':
    'Cette adresse n’est pas encore confirmée : son propriétaire doit ouvrir le lien de l’e-mail reçu.',
  'already-confirmed': 'Cette adresse est déjà confirmée.',
  'last-admin': 'Il doit rester quelqu’un qui puisse se connecter comme administrateur.',
  'not-replayable': 'Cela ne peut pas être traité à nouveau.',
  'bad-offline-file': 'Ce fichier ne peut pas être pris en charge.',
  'offline-not-ready': 'Le serveur traite encore ce fichier. Réessayez dans un instant.',
  'already-decided': 'Quelqu’un a déjà décidé.',
  'newer-copy-waits':
    'Une copie plus récente de la cuisine est en quarantaine. Corrigez-la et renvoyez-la, ou écartez-la ; modifiez ensuite.',
  stale: 'Cela a changé depuis que vous l’avez ouvert.',
  'not-ready': 'Ce plan ne peut plus être décidé : faites-en un nouveau.',
  unsettled: 'Un appel à son sujet est en cours : réessayez dans un instant.',
  'no-answer': 'Pas de réponse à temps : un worker tourne-t-il ? Cela peut encore se faire.',
  'too-large': 'C’est plus grand que ce que le serveur accepte.',
};

export const problemsFrench: ProblemsWords = {
  problems,
  fault: faultInFrench,
  problemSeparator: ' ; ',
  problemOf: (field, fault) => `${field} : ${fault}`,
  errors: {
    absent: 'Il n’y a rien ici',
    absentAdvice: 'Cela a pu être retiré, ou appartient à un compte que vous ne voyez pas.',
    forbidden: 'Vous ne pouvez pas faire cela',
    forbiddenAdvice:
      'Votre rôle ne le permet pas, ou la page est restée ouverte trop longtemps. Revenez, rechargez-la et réessayez.',
    busy: 'Le canal est occupé',
    busyAdvice: 'Une synchronisation est en cours. Attendez sa fin, ou réinitialisez le canal.',
    stale: 'Quelqu’un a été plus rapide',
    staleAdvice:
      'La valeur a changé depuis que vous l’avez ouverte. Regardez les valeurs actuelles et réessayez.',
    unavailable: 'Une partie du serveur est injoignable',
    unavailableAdvice: 'Rien n’est perdu. Réessayez dans une minute.',
    tooMany: 'Demande trop fréquente',
    tooManyAdvice: (minutes: number) =>
      `Rien n’a été fait. Réessayez dans ${minutes} minute${minutes > 1 ? 's' : ''}.`,
    refused: 'Cela ne peut pas se faire',
    refusedAdvice: 'Revenez et corrigez ce qui ne va pas :',
    unforeseen: 'Une erreur est survenue sur le serveur',
    unforeseenAdvice:
      'Elle a été notée. Réessayez ; si elle persiste, prévenez la personne qui exploite le serveur.',
  },
};
