import { z } from 'zod';
import type { EntityPlace } from '../../../shared/stores/templates/template-difference-store';

/** A place in a list by kitchen, class and entity. */
export const placeCursor = z
  .string()
  .regex(/^\d{1,9}:\w{1,64}:[^\0]{1,64}$/u, 'is no cursor')
  .meta({ examples: ['12:Fridges:walk-in'] })
  .transform((text): EntityPlace => {
    const [solution = '', className = '', ...id] = text.split(':');
    return { solutionId: Number(solution), className, id: id.join(':') };
  });
