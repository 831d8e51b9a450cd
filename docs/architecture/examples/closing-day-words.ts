/** Texts of the days on which a kitchen is closed. In `words/english`. */
export const closingDaysEnglish = {
  closingDays: 'Closing days',
  day: 'Day',
  noClosingDays: 'The kitchen is never closed',
};

export type ClosingDaysWords = typeof closingDaysEnglish;

/** In `words/french`: a text that is missing does not compile. */
export const closingDaysFrench: ClosingDaysWords = {
  closingDays: 'Jours de fermeture',
  day: 'Jour',
  noClosingDays: 'La cuisine n’est jamais fermée',
};
