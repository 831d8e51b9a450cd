import { sosyncJobNames } from '../../shared/domain/sosync';
import { type OdooFake, startOdooFake } from '../systems/fakes/odoo-fake';
import { newModel } from '../systems/fakes/odoo-model';

/** The part of a pair file for the instance and its mirror; the key is `MIRROR_KEY`. */
export const mirrorText = ({ odoo }: MirrorFake): string => `
---
systems: { mirror: { kind: odoo, url: "${odoo.url}", database: ${odoo.database}, auth: { apiKey: "\${MIRROR_KEY}" } } }
sosync:
  instance: dadi
  systems: { fs: espo, fso: advoware }
  models: { CBeteiligte: beteiligte, Beteiligte: beteiligte }
  protocol: { system: mirror, model: sosync.job }
`;

export interface MirrorFake {
  readonly odoo: OdooFake;
  /** By external id. */
  records(): Map<string, Readonly<Record<string, unknown>>>;
  loads(): number;
  /** Takes whole numbers alone for keys, or any text. */
  takes(type: 'integer' | 'char'): void;
}

/** The fake Odoo, with the model that jobs are mirrored to. */
export async function startMirrorFake(): Promise<MirrorFake> {
  const odoo = await startOdooFake();
  const names = ['name', ...sosyncJobNames];
  const fields = Object.fromEntries(
    names.map((name) => [name, { type: timeNames.has(name) ? 'datetime' : 'char' }]),
  );
  const model = newModel('sosync.job', fields);
  odoo.store.models.set('sosync.job', model);
  return {
    odoo,
    records: () =>
      new Map(
        [...odoo.store.externalIds].flatMap(([externalId, { model: name, id }]) =>
          name === 'sosync.job' ? [[externalId, model.rows.get(id)?.values ?? {}] as const] : [],
        ),
      ),
    loads: () => odoo.methods.filter((method) => method === 'sosync.job/load').length,
    takes(type) {
      model.fields['source_record_id'] = { type };
    },
  };
}

const timeNames: ReadonlySet<string> = new Set(['job_date', 'job_fetched', 'job_start', 'job_end']);
