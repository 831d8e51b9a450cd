import type { AlertsWords } from '../english/alerts';

export const alertsFrench: AlertsWords = {
  alerts: 'Alertes',
  alert: 'Alerte',
  alertsMeaning: 'Sondes restées trop longtemps hors de leurs limites, ou devenues muettes.',
  alertViews: { new: 'Pas encore vues', open: 'En cours', all: 'Toutes' },
  alertKinds: {
    high: 'Trop chaud',
    low: 'Trop froid',
    'signal-lost': 'Signal perdu',
    'low-battery': 'Pile faible',
  },
  alertStates: { open: 'en cours', escalated: 'aggravée', closed: 'terminée' },
  since: 'Depuis',
  seen: 'Vue par',
  notYet: 'pas encore',
  comment: 'Commentaire',
  acknowledge: 'Je l’ai vue',
  acknowledgeTicked: 'J’ai vu celles qui sont cochées',
  noAlerts: 'Aucune alerte',
  noAlertsMeaning: 'Chaque sonde est dans ses limites, ou quelqu’un s’en occupe.',
};
