import { z } from 'zod';
import { channels } from '../../shared/domain/channel';
import { unknownChannel } from '../../shared/errors/catalog';
import { type Body, type Content, pathParameter } from '../http/operation';

// The common parts of the descriptions of several calls.

export const channelParameter = pathParameter(z.enum(channels), unknownChannel);

export const syncId = z.uuid().meta({ examples: ['0b8a4a3e-5f0c-4d33-9f39-5a1d0f6f2c11'] });

/** The response of a call that has begun a sync. */
export const begun = z.object({ sync: syncId, statut: z.literal('1') }).meta({ id: 'BegunSync' });

export const syncHeader = { 'Epack-Sync': 'UUID of the sync, when there is one.' } as const;

/** A body that its route reads by itself. */
export const describedBody = (content: Readonly<Record<string, Content>>, isRequired = true): Body => ({
  content,
  isRequired,
  readers: [],
  decode: (body) => body,
});
