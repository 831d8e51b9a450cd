import { pauseReasonText } from '../../shared/domain/pause-reason';
import { reasonFacts } from '../../shared/formats/stored-reason';
import type { Db } from '../../shared/db/database';
import { createPairProbeStore, type ProbedEnd } from '../../shared/stores/pairs/pair-probe-store';
import { createSystemStore, type RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import { readPair } from '../../shared/systems/check-pair';
import type { PairSettings } from '../../shared/systems/pair-settings';
import { sides } from '../pipeline/sides';
import { Trouble } from '../pipeline/trouble';
import type { Finding, Probe } from '../systems/probe';
import type { FieldTypes } from '../systems/remote-system';
import { type FieldChange, fieldChanges } from './field-types';
import { doOverlap, overlapSentence } from './overlapping-trees';
import { endOf, ownFields } from './pair-ends';
import { checkedKind } from './pair-systems';
import { workedSettings } from './worked-settings';
import type { ProbedSystem, SystemDoor } from './system-door';

interface Deps {
  readonly db: Db;
  readonly door: Pick<SystemDoor, 'open'>;
}

/**
 * Checks a system and everything in it that pairs use: their entities, tables or models, with the fields that they read
 * and write. A pair whose fields are missing or have changed is paused before its next write.
 */
export async function probeSystem(
  deps: Deps,
  system: RemoteSystemEntry,
  signal: AbortSignal,
): Promise<Probe> {
  const alone = await probeAlone(deps.door, system, signal);
  // A system that refuses the server's calls would count further calls as further attempts.
  if (!alone.ok) return alone;
  const findings = [...alone.findings];
  for (const end of await createPairProbeStore(deps.db).endsOf(system.id)) {
    const found = await probeEnd(deps, { system, end, alone }, signal);
    findings.push(...found);
    if (found.some(({ code }) => code === 'unauthorized' || code === 'throttled')) break;
  }
  return { ...alone, ok: !findings.some(({ level }) => level === 'error'), findings };
}

/** If the system cannot be opened, the reason is the finding of the probe. */
async function probeAlone(
  door: Deps['door'],
  system: RemoteSystemEntry,
  signal: AbortSignal,
): Promise<Probe> {
  try {
    const opened = await door.open(system);
    try {
      return await opened.probe(signal);
    } finally {
      await opened.close();
    }
  } catch (error) {
    const finding: Finding = { level: 'error', code: 'failed', message: messageOf(error) };
    return { ok: false, version: null, clockOffsetMs: null, findings: [finding] };
  }
}

interface ProbedUse {
  readonly system: RemoteSystemEntry;
  readonly end: ProbedEnd;
  /** These findings are not repeated for each pair. */
  readonly alone: Probe;
}

async function probeEnd({ db, door }: Deps, use: ProbedUse, signal: AbortSignal): Promise<Finding[]> {
  const { end } = use;
  const ofEnd = (finding: Finding): Finding => ({
    ...finding,
    message: `Pair ${end.pair}, ${end.side}: ${finding.message}`,
    pair: end.pair,
    side: end.side,
  });
  try {
    const settings = readPair(end.config, checkedKind(end.hereKind).holds);
    if (settings.holds === 'documents') {
      const overlap = await overlapOf({ db, door }, settings);
      if (overlap.length > 0) await pausePair(db, end, overlap.map(ofEnd));
      // Without fields there is nothing else to probe: each run looks at the folders.
      if (overlap.length > 0 || settings.fields.length === 0) return overlap.map(ofEnd);
    }
    const wish = { end: endOf(settings, end.side), fields: ownFields(workedSettings(settings), end.side) };
    const opened = await door.open(use.system, wish);
    try {
      const { findings, unfit } = await lookAt(db, use, opened, signal);
      if (unfit.length > 0) await pausePair(db, end, unfit.map(ofEnd));
      return findings.map(ofEnd);
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (!signal.aborted) return [ofEnd({ level: 'error', code: 'failed', message: messageOf(error) })];
    return [ofEnd({ level: 'warning', code: 'not-probed', message: 'there was no time to look at it.' })];
  }
}

/** A finding if the two sides of a pair of documents are folders of this machine of which one holds the other. */
async function overlapOf({ db, door }: Deps, settings: PairSettings): Promise<Finding[]> {
  const systems = createSystemStore(db);
  const opened: ProbedSystem[] = [];
  try {
    for (const side of sides) {
      const system = await systems.find('all', settings[side].system);
      if (system?.kind !== 'file-tree') return [];
      opened.push(await door.open(system, { end: endOf(settings, side), fields: [] }));
    }
    if (!(await doOverlap(opened))) return [];
    return [{ level: 'error', code: 'folders-overlap', message: `${overlapSentence}.` }];
  } finally {
    await Promise.all(opened.map((one) => one.close()));
  }
}

interface EndFindings {
  readonly findings: readonly Finding[];
  /** The findings because of which the pair must not write. */
  readonly unfit: readonly Finding[];
}

async function lookAt(
  db: Db,
  { end, alone }: ProbedUse,
  opened: ProbedSystem,
  signal: AbortSignal,
): Promise<EndFindings> {
  const probe = await opened.probe(signal);
  const own = probe.findings.filter(
    ({ code, message }) => !alone.findings.some((one) => one.code === code && one.message === message),
  );
  const { fieldTypes } = opened;
  if (fieldTypes === undefined) return { findings: own, unfit: [] };
  try {
    const changes = await changesOf(db, end, await fieldTypes(signal));
    const unfit = changes.map(findingOf);
    return { findings: [...own, ...unfit], unfit };
  } catch (error) {
    if (!(error instanceof Trouble && error.kind === 'fields')) throw error;
    const errors = own.filter(({ level }) => level === 'error');
    if (errors.length > 0) return { findings: own, unfit: errors };
    const finding: Finding = { level: 'error', code: 'fields-missing', message: `${error.message}.` };
    return { findings: [...own, finding], unfit: [finding] };
  }
}

async function changesOf(db: Db, end: ProbedEnd, types: FieldTypes): Promise<FieldChange[]> {
  const store = createPairProbeStore(db);
  const changes = fieldChanges(await store.knownTypes(end), types);
  if (changes.length === 0) await store.keepNewTypes(end, types);
  return changes;
}

const findingOf = ({ field, kind, sentence }: FieldChange): Finding => ({
  level: 'error',
  code: kind === 'retyped' ? 'fields-retyped' : 'fields-now-required',
  message: `${sentence}.`,
  about: [field],
});

/** Notifies only once: a pair that is already paused stays as it is. */
async function pausePair(db: Db, end: ProbedEnd, findings: readonly Finding[]): Promise<void> {
  const detail = findings.map(({ message }) => message).join(' ');
  const facts = {
    pair: end.pair,
    reason: 'fields',
    detail,
    ...reasonFacts({ code: 'fields-do-not-fit', values: {} }),
  };
  await createPairProbeStore(db).pausePair(end, { reason: pauseReasonText('fields', detail), facts });
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
