import { createAccountService } from '../../api/backoffice/services/accounts';
import { createFlagService } from '../../api/backoffice/services/flags';
import { commandLineCaller } from '../../shared/domain/staff';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { newApproval, newConflict, newSync } from '../backoffice/fixtures';
import { eventually } from '../queue/eventually';
import type { TestServer } from '../setup/server';
import type { SolutionClient } from '../setup/solution-client';
import { zipOf } from '../v4/archive';
import { edit, parameterFile } from '../v4/edits';
import { fullSync, signIn } from '../v4/on-server';
import { openStoreAccess } from '../../shared/stores/store-access';

/** A solution about which there is something on every page. */
export interface BusyKitchen {
  readonly id: number;
  readonly account: number;
  readonly name: string;
  readonly client: SolutionClient;
  /** The sync whose file held a row that was refused. */
  readonly sync: string;
}

const fridge = {
  Id: '71',
  Name: 'Chambre froide viandes',
  Type: 'positive',
  TempMin: '0',
  TempMax: '4',
  ProbeId: 'P1',
};

let count = 0;

export async function openBusyKitchen(server: TestServer): Promise<BusyKitchen> {
  count += 1;
  const name = `Brasserie ${count}`;
  const { id: account } = await createAccountService(openStoreAccess(server.db)).create(
    commandLineCaller,
    `${name} SA`,
  );
  const client = await signIn(server, 'synchro', { name, accountId: account });
  const sync = await fullSync(
    client,
    zipOf({ 'xml/Fridges.xml': parameterFile('Fridges', fridge), 'csv/Tbfridge.csv': fridgeLog() }),
  );
  await fullSync(client.on('sondes'), zipOf({ 'csv/Tbsondes.csv': warmAfternoon() }));
  await eventually(
    'the alert is open',
    async () => (await server.db('probe_alert').where({ solution_id: client.id })).length > 0,
  );
  await whatWaits(server, client.id);
  return { id: client.id, account, name, client, sync };
}

/** The third row cannot be a true reading. */
export function fridgeLog(): string {
  return [
    'Id,MeasuredAt,FridgeId,FridgeName,Temp,TempMin,TempMax,Moment,IsConform',
    '1,2026-11-20 07:31:00,71,Chambre froide viandes,3.2,0,4,matin,1',
    '2,2026-11-20 12:04:00,71,Chambre froide viandes,5.1,0,4,midi,0',
    '3,2026-11-20 19:40:00,71,Chambre froide viandes,3999,0,4,soir,1',
    '',
  ].join('\r\n');
}

/** Cold, then warm for two hours at the end; between them the probe was silent for three. */
function warmAfternoon(): string {
  const stepMs = 300_000;
  const end = Math.floor(Date.now() / stepMs) * stepMs;
  const times = Array.from({ length: 288 }, (_, place) => end - (287 - place) * stepMs);
  const rows = times
    .map((at, place) => ({ at, place }))
    .filter(({ place }) => place < 200 || place >= 236)
    .map(
      ({ at, place }, index) =>
        `${index + 1},P1,${new Date(at).toISOString()},${place >= 264 ? 8.5 : 2.5 + (place % 5) / 10},60,90,-70,${index}`,
    );
  return ['Id,ProbeId,MeasuredAt,Temperature,Humidity,BatteryPercent,SignalDbm,Sequence', ...rows, ''].join(
    '\r\n',
  );
}

/** A conflict, an approval, an edit and a flag, each of them waiting. */
async function whatWaits(server: TestServer, solutionId: number): Promise<void> {
  const parts = { db: server.db, files: createDiskFileStore(server.config.filesDir) };
  const solution = String(solutionId);
  await newConflict(parts, solution, '81', {
    base: { Name: 'Vitrine', TempMax: 4 },
    manager: { Name: 'Vitrine', TempMax: 3 },
    solution: { Name: 'Vitrine', TempMax: 5 },
    fields: ['TempMax'],
  });
  await newApproval(
    parts,
    solution,
    Array.from({ length: 12 }, (_, place) => `9${place}`),
  );
  await newSync(parts, solution, {
    channel: 'photos',
    report: {
      outcome: 'failed',
      reason: 'the disk was full',
      params: {},
      logs: {},
      photos: { inserted: 0, duplicates: 0, rejected: 0 },
      rejections: [],
      ignored: [],
    },
  });
  await edit(server, solutionId, 'Fridges', '71', { TempMax: 3 });
  await createFlagService(openStoreAccess(server.db)).set(
    commandLineCaller,
    { solutionId, channel: 'messagerie' },
    'resend-params',
  );
}
