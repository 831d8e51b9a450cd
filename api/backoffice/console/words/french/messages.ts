import type { MessagesWords } from '../english/messages';

export const messagesFrench: MessagesWords = {
  noPhotos: 'Aucune photo pour l’instant',
  noPhotosAdvice: 'Elles arrivent par le canal des photos.',
  noMessages: 'Aucun message pour l’instant',
  noMessagesAdvice: 'Messages, alertes et résultats de laboratoire paraissent ici, avec leurs accusés.',
  writeMessage: 'Écrire un message',
  subject: 'Objet',
  messageHint: 'Il partira avec la prochaine synchronisation des messages.',
  messageKinds: { message: 'message', 'probe-alert': 'alerte de sonde', analysis: 'résultat de laboratoire' },
  probeEvents: {
    'too warm': 'trop chaud',
    'still too warm': 'toujours trop chaud',
    'too cold': 'trop froid',
    'still too cold': 'toujours trop froid',
    'within its limits again': 'de nouveau dans ses limites',
    'no signal': 'plus de signal',
    'still no signal': 'toujours pas de signal',
    'the signal is back': 'le signal est revenu',
    'battery low': 'batterie faible',
    'battery nearly empty': 'batterie presque vide',
    'battery well again': 'batterie de nouveau bonne',
  },
  read: 'lu',
  delivered: 'reçu',
  toldInDigest: 'La cuisine en est informée par un récapitulatif',
  probeDigest: (alerts) =>
    `Récapitulatif de ${alerts} ${alerts === 1 ? 'alerte de sonde' : 'alertes de sondes'}`,
  waitsForSync: 'en attente',
};
