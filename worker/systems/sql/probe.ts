import type { Finding, Probe } from '../probe';
import { runProbe } from '../run-probe';
import type { SqlCalls } from './calls';
import type { SqlDialect } from './dialect';
import { hasRevisions, type OpenedTable } from './opened-table';
import { problemsOf, type TableDescription, type TableRight, usedTable } from './table';

/** What one kind of database adds to the probe. */
export interface SqlProbe {
  /** False: someone on the network can read the password. */
  readonly isTlsChecked: boolean;
  /** Further findings about the table of a pair that can use it. */
  readonly besides: (
    opened: OpenedTable,
    description: TableDescription,
    signal: AbortSignal,
  ) => Promise<readonly Finding[]>;
}

export interface SqlProbing extends SqlProbe {
  readonly calls: SqlCalls;
  readonly dialect: SqlDialect;
  /** Null: there is no pair. */
  readonly opened: OpenedTable | null;
}

/** Finds the version, the rights of our user, and whether the pair can use its table. It only reads. */
export async function probeSql(probing: SqlProbing, signal: AbortSignal): Promise<Probe> {
  let clockOffsetMs: number | null = null;
  return runProbe(
    {
      clockOffsetMs: () => clockOffsetMs,
      async look(notes) {
        const about = await readAbout(probing, signal);
        notes.version = about.version;
        clockOffsetMs = about.clockOffsetMs;
        notes.add(tlsFindings(about, probing));
        if (probing.opened !== null) notes.add(await tableFindings(probing, probing.opened, signal));
      },
    },
    signal,
  );
}

interface About {
  readonly version: string | null;
  readonly clockOffsetMs: number | null;
  readonly isEncrypted: boolean | null;
}

async function readAbout({ calls, dialect }: SqlProbing, signal: AbortSignal): Promise<About> {
  const call = { operation: 'probe', about: 'server', steps: [() => dialect.about] };
  const [row] = await calls.call(call, signal);
  const [version = null, clock = null, isEncrypted = null] = row ?? [];
  return {
    version: version === null ? null : String(version),
    clockOffsetMs: clock === null ? null : Number(clock) - Date.now(),
    isEncrypted: isEncrypted === null ? null : isEncrypted === 't',
  };
}

function tlsFindings({ isEncrypted }: About, { isTlsChecked }: SqlProbing): readonly Finding[] {
  if (isEncrypted === false)
    return [{ level: 'warning', code: 'not-encrypted', message: 'The connection is not encrypted.' }];
  if (isTlsChecked) return [];
  return [
    {
      level: 'info',
      code: 'certificate-unchecked',
      message: 'The certificate of the server is not checked: "tls: verify" would.',
    },
  ];
}

async function tableFindings(
  probing: SqlProbing,
  opened: OpenedTable,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { use } = opened;
  const description = await opened.describe(signal);
  if (description === null)
    return [
      { level: 'error', code: 'table-missing', message: `There is no table ${use.table} that we may see.` },
    ];
  const problems = problemsOf(description, use);
  if (problems.length > 0)
    return problems.map(({ code, message, about }) => ({
      level: 'error',
      code,
      message: `${message}.`,
      about,
    }));
  const findings: Finding[] = [...rightsFindings(opened, description)];
  if (use.syncKey === null)
    findings.push({
      level: 'warning',
      code: 'no-sync-key',
      message:
        'Without a column for the sync key, a row whose creation was cut off is found by its values alone.',
    });
  if (!hasRevisions(usedTable(description, use)))
    findings.push({
      level: 'warning',
      code: 'no-revisions',
      message: `${use.table} is used without a revision: we look right before each write, and someone may still be faster.`,
    });
  return [...findings, ...(await probing.besides(opened, description, signal))];
}

function rightsFindings({ use }: OpenedTable, { rights }: TableDescription): readonly Finding[] {
  const denied = tableRights.filter((right) => !rights[right]);
  if (denied.length === 0) return [];
  return [
    {
      level: denied.includes('select') ? 'error' : 'warning',
      code: 'rights-missing',
      message: `Our user may not ${denied.join(', ')} in ${use.table}.`,
      about: denied,
    },
  ];
}

const tableRights: readonly TableRight[] = ['select', 'insert', 'update', 'delete'];
