import { z } from 'zod';
import { espocrmSettings } from '../../../shared/systems/espocrm';
import { Trouble } from '../../pipeline/trouble';
import type { RegisterWebhooks } from '../remote-system';
import { createEspoApi, credentialsOf, type EspoApi } from './api';
import { troubleOf } from './refusals';
import { readRows } from './rows';

const registered = z.looseObject({ id: z.string(), secretKey: z.string() });
const events = ['create', 'update', 'delete'] as const;

/** The user of our key needs the right to webhooks, and sees only its own. */
export const registerWebhooks: RegisterWebhooks = async (opening, outside, { entity, url }, signal) => {
  const settings = espocrmSettings.parse(opening.config);
  const api = createEspoApi({ url: settings.url, auth: credentialsOf(settings) }, outside, [
    ...opening.secrets,
    url,
  ]);
  await removeEarlier(api, entity, url, signal);
  const keys: Record<string, string> = {};
  for (const event of events) {
    const { id, secretKey } = await register(api, `${entity}.${event}`, url, signal);
    keys[id] = secretKey;
  }
  return keys;
};

async function register(api: EspoApi, event: string, url: string, signal: AbortSignal) {
  const answer = await api.send(
    { operation: 'webhook', method: 'POST', path: '/Webhook', json: { event, url }, isSecret: true },
    signal,
  );
  if (answer.status >= 300) throw troubleOf(answer);
  const parsed = registered.safeParse(answer.json);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer does not have the form of a webhook');
  return parsed.data;
}

/**
 * Removes webhooks that call the same server for the same entity type: their keys were ours and are no longer needed.
 */
async function removeEarlier(api: EspoApi, entity: string, url: string, signal: AbortSignal): Promise<void> {
  // The response shows each webhook with its key.
  const path = '/Webhook?select=id,event,url&maxSize=200';
  const answer = await api.client.call({ operation: 'webhook', method: 'GET', path, isSecret: true }, signal);
  if (answer.status !== 200) throw troubleOf(answer);
  const ours = readRows(answer.json).filter(
    (row) => isSameServer(row['url'], url) && events.some((event) => row['event'] === `${entity}.${event}`),
  );
  for (const { id } of ours)
    await api.send(
      { operation: 'webhook', method: 'DELETE', path: `/Webhook/${encodeURIComponent(id)}` },
      signal,
    );
}

/** `…/hooks/{system}/{token}`: the token is different each time. */
function isSameServer(one: unknown, other: string): boolean {
  return typeof one === 'string' && withoutToken(one) === withoutToken(other);
}

const withoutToken = (url: string): string => url.slice(0, url.lastIndexOf('/'));
