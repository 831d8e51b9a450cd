import { badRequest, notFound, unsignedWebhook } from '../../shared/errors/catalog';
import type { Seal } from '../../shared/seal/seal';
import { hashSessionToken } from '../../shared/secrets';
import type { CalledHook, HookStore } from '../../shared/stores/pairs/hook-store';
import type { LinkHintStore } from '../../shared/stores/pairs/link-hint-store';
import type { PairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import type { StoreAccess } from '../../shared/stores/store-access';
import {
  judgeEspocrmSignature,
  type SignatureHeaders,
  type SignatureVerdict,
} from '../../shared/systems/webhook-signature';

/** A webhook call as it was received. */
export interface HookCall {
  readonly system: string;
  readonly token: string;
  /** The bytes as received, because the signature is computed over them. */
  readonly body: Uint8Array;
  readonly headers: SignatureHeaders;
}

interface Stores {
  readonly hooks: Pick<HookStore, 'findCalled' | 'noteCall' | 'noteRefusal' | 'sidesOf'>;
  readonly linkHints: Pick<LinkHintStore, 'add'>;
  readonly pairSliceJobs: Pick<PairSliceJobStore, 'askFor'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly seal: Pick<Seal, 'open'>;
}

/** More ids in one call than any system sends. */
const maxIds = 10_000;

export type HookInService = ReturnType<typeof createHookInService>;

/**
 * Takes reports of other systems. Only the ids are used, as hints: the systems are always asked for the data itself.
 * Nothing else in a call is stored or shown.
 */
export function createHookInService({ stores, transaction, seal }: Deps) {
  return {
    /** Records what must be looked at, and wakes the runner. Throws `not-found`, `unauthorized`, `bad-request`. */
    async take({ system, token, body, headers }: HookCall): Promise<void> {
      const hook = await stores.hooks.findCalled(system, hashSessionToken(token));
      if (hook === null) throw notFound('hook');
      if (!isGenuine(hook, body, headers)) {
        await stores.hooks.noteRefusal(hook.id);
        throw unsignedWebhook();
      }
      const keys = idsIn(body);
      await transaction(async ({ hooks, linkHints, pairSliceJobs }) => {
        await hooks.noteCall(hook.id);
        if (keys.length === 0) return;
        for (const { pairId, side } of await hooks.sidesOf(hook.systemId, hook.entity)) {
          await linkHints.add({ pairId, side, keys, source: 'webhook' });
          await pairSliceJobs.askFor(pairId);
        }
      });
    },
  };

  /** If no key is known, the token alone is enough. */
  function isGenuine(hook: CalledHook, body: Uint8Array, headers: SignatureHeaders): boolean {
    const verdict = verdictOn(hook, body, headers);
    return verdict === 'valid' || hook.secrets.size === 0;
  }

  function verdictOn(
    { kind, secrets }: CalledHook,
    body: Uint8Array,
    headers: SignatureHeaders,
  ): SignatureVerdict {
    if (kind !== 'espocrm') return 'unsigned';
    return judgeEspocrmSignature(body, headers, (webhookId) => {
      const kept = secrets.get(webhookId);
      return kept === undefined ? undefined : seal.open(kept, 'system-secret');
    });
  }
}

/** The ids of an object or of a list of objects. Throws `bad-request` if the body is no JSON. */
function idsIn(body: Uint8Array): string[] {
  const json = jsonOf(body);
  const all: unknown[] = Array.isArray(json) ? json : [json];
  const ids = all.flatMap((one) => {
    const id: unknown = typeof one === 'object' && one !== null && 'id' in one ? one.id : undefined;
    return typeof id === 'string' && id !== '' && id.length <= 500
      ? [id]
      : typeof id === 'number'
        ? [String(id)]
        : [];
  });
  const validIds = ids.filter((id) => /^[^\0\p{Surrogate}]*$/u.test(id));
  return [...new Set(validIds)].slice(0, maxIds);
}

function jsonOf(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'));
  } catch {
    throw badRequest('The body is no JSON.');
  }
}
