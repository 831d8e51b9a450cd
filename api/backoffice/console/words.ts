import type { Request } from 'express';
import { english } from './words-english';
import { french } from './words-french';

/** Every text of the pages. A language that lacks one does not compile. */
export type Words = typeof english;

/** In the language that the browser asks for; English where it asks for another. */
export function wordsFor(request: Request): Words {
  return request.acceptsLanguages('en', 'fr') === 'fr' ? french : english;
}
