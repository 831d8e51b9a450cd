import type { Request } from 'express';
import { english, type Words } from './words/english';
import { french } from './words/french';

export type { Words } from './words/english';

/** In the language that the browser asks for; English where it asks for another. */
export function wordsFor(request: Request): Words {
  return request.acceptsLanguages('en', 'fr') === 'fr' ? french : english;
}
