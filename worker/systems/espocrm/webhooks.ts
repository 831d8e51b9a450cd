import { z } from 'zod';
import { espocrmSettings } from '../../../shared/systems/espocrm';
import { Trouble } from '../../pipeline/trouble';
import type { Outside, RegisterWebhooks, SystemOpening } from '../remote-system';
import { createEspoApi, credentialsOf, type EspoApi } from './api';
import { troubleOf } from './refusals';
import { readRows } from './rows';

const registered = z.looseObject({ id: z.string(), secretKey: z.string() });

/** What we ask to be told of, for each entity type. */
export const webhookEvents = ['create', 'update', 'delete'] as const;

export interface EspoWebhook {
  readonly id: string;
  /** `CBeteiligte.update`. */
  readonly event: string;
  readonly url: string;
}

/** The webhooks that belong to the user of our key. */
export async function webhooksOf(
  opening: SystemOpening,
  outside: Outside,
  signal: AbortSignal,
): Promise<EspoWebhook[]> {
  return ownWebhooks(openApi(opening, outside, []), signal);
}

/** The user of our key needs the right to webhooks, and sees only its own. */
export const registerWebhooks: RegisterWebhooks = async (opening, outside, { entity, url }, signal) => {
  const api = openApi(opening, outside, [url]);
  await removeEarlier(api, entity, url, signal);
  const keys: Record<string, string> = {};
  for (const event of webhookEvents) {
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
  const ours = (await ownWebhooks(api, signal)).filter(
    (one) => isSameServer(one.url, url) && webhookEvents.some((event) => one.event === `${entity}.${event}`),
  );
  for (const { id } of ours)
    await api.send(
      { operation: 'webhook', method: 'DELETE', path: `/Webhook/${encodeURIComponent(id)}` },
      signal,
    );
}

async function ownWebhooks(api: EspoApi, signal: AbortSignal): Promise<EspoWebhook[]> {
  // The response shows each webhook with its key.
  const path = '/Webhook?select=id,event,url&maxSize=200';
  const answer = await api.client.call({ operation: 'webhook', method: 'GET', path, isSecret: true }, signal);
  if (answer.status !== 200) throw troubleOf(answer);
  return readRows(answer.json).map((row) => ({
    id: row.id,
    event: textOf(row['event']),
    url: textOf(row['url']),
  }));
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

function openApi(opening: SystemOpening, outside: Outside, secrets: readonly string[]): EspoApi {
  const settings = espocrmSettings.parse(opening.config);
  const auth = credentialsOf(settings);
  return createEspoApi({ url: settings.url, auth }, outside, [...opening.secrets, ...secrets]);
}

/** `…/hooks/{system}/{token}`: the token is different each time. */
const isSameServer = (one: string, other: string): boolean => withoutToken(one) === withoutToken(other);

const withoutToken = (url: string): string => url.slice(0, url.lastIndexOf('/'));
