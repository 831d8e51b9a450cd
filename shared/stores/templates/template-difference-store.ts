import type { Db } from '../../db/database';
import { isNewestCopy } from '../../db/newest-copy';
import type { Fields } from '../../domain/merge-copy';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { DeviatingField, DeviationKind, TemplateEditKind } from '../../domain/template';
import type { SolutionEntity } from '../../domain/solution-entity';
import { comparison, scopeBindings, type TemplateScope, templateState } from '../../db/template-comparison';

/** An entity of a kitchen that is not as the template wants it. */
export interface Difference extends SolutionEntity {
  readonly solutionName: string;
  /** Null: nothing would happen to it. */
  readonly editKind: TemplateEditKind | null;
  /** The fields that would change, as the template wants them. */
  readonly pending: Fields;
  /** Null: the kitchen has nothing of its own here. */
  readonly ownKind: DeviationKind | null;
  /** The fields in which the kitchen has its own values, as the template wants them. */
  readonly own: Fields;
  /** All fields that the template decides. */
  readonly wanted: Fields;
  /** What the kitchen holds. Null: it never had the entity. */
  readonly held: { readonly fields: Fields; readonly isActive: boolean; readonly version: number } | null;
  /** A newer copy of the kitchen is in quarantine: it must not be overwritten before someone has decided. */
  readonly isBlocked: boolean;
}

/** How many entities of a kitchen would change, and how many deviate. */
export interface SiteCounts {
  readonly additions: number;
  readonly changes: number;
  readonly removals: number;
  readonly deviations: number;
}

/** An entity in which a kitchen deviates from its template. */
export interface Deviation extends SolutionEntity {
  readonly solutionName: string;
  readonly kind: DeviationKind;
  /** The earliest of its fields. */
  readonly since: Date;
  /** E-mail of the member of staff, or `solution`. */
  readonly by: string;
  /** Empty, unless the kind is `values`. */
  readonly fields: readonly DeviatingField[];
}

/** A place in a list by kitchen, class and entity. */
export type EntityPlace = SolutionEntity;

/** Written as a cursor: `12:Fridges:41`. */
export const placeText = ({ solutionId, className, id }: EntityPlace): string =>
  `${solutionId}:${className}:${id}`;

interface Row {
  solution_id: number;
  class: string;
  id: string;
  name: string;
  edit_kind: TemplateEditKind | null;
  pending: Fields | null;
  own_kind: DeviationKind | null;
  own: Fields | null;
  wanted: Fields;
  held: Fields | null;
  is_there: boolean;
  version: number | null;
  is_blocked: boolean;
}

interface DeviationRow {
  solution_id: number;
  class: string;
  id: string;
  name: string;
  own_kind: DeviationKind;
  since: Date;
  by: string;
  fields: (Omit<DeviatingField, 'since'> & { readonly since: string })[];
}

/** A newer copy that could not be read, or a file of its class that could not. */
const blocked = `exists (select from quarantine q where q.solution_id = j.solution_id and q.subject = j.class
  and q.row_id = j.id and ${isNewestCopy})`;

/** After the cursor. */
const after = `(cast(:afterSolution as int) is null
  or (j.solution_id, j.class, j.id) > (cast(:afterSolution as int), :afterClass, :afterId))`;

export type TemplateDifferenceStore = ReturnType<typeof createTemplateDifferenceStore>;

/** What distinguishes kitchens from their template. Each read is one statement for all kitchens and entities. */
export function createTemplateDifferenceStore(db: Db) {
  return {
    /** Kitchens in which nothing differs are not in the map. */
    async counts(scope: TemplateScope): Promise<ReadonlyMap<number, SiteCounts>> {
      const { rows } = await db.raw<{ rows: (SiteCounts & { solution_id: number })[] }>(
        `with ${comparison}
         select solution_id, cast(count(*) filter (where edit_kind = 'add') as int) as additions,
           cast(count(*) filter (where edit_kind = 'change') as int) as changes,
           cast(count(*) filter (where edit_kind = 'remove') as int) as removals,
           cast(count(*) filter (where own_kind is not null) as int) as deviations
         from judged group by solution_id`,
        scopeBindings(scope),
      );
      return new Map(rows.map(({ solution_id: solutionId, ...counts }) => [solutionId, counts]));
    },

    /** All differences, those of edits and deviations; of a few kitchens, because it reads them whole. */
    async all(scope: TemplateScope): Promise<Difference[]> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `with ${comparison}
         select ${differenceColumns} from judged j join solution s on s.id = j.solution_id
         where j.edit_kind is not null or j.own_kind is not null`,
        scopeBindings(scope),
      );
      return rows.map(differenceFrom);
    },

    /** What would happen if the template went out now, by kitchen, class and entity. */
    async edits(
      scope: TemplateScope,
      { limit, after: place }: PageRequest<EntityPlace>,
    ): Promise<Page<Difference>> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `with ${comparison}
         select ${differenceColumns} from judged j join solution s on s.id = j.solution_id
         where j.edit_kind is not null and ${after}
         order by j.solution_id, j.class, j.id limit :rows`,
        { ...scopeBindings(scope), ...placeBindings(place), rows: limit + 1 },
      );
      return pageOf(rows.map(differenceFrom), limit, placeText);
    },

    /**
     * Where kitchens have values of their own, by kitchen, class and entity. A field deviates since the first version
     * after the last one that held a value of the template, but not from before the kitchen followed the template.
     */
    async deviations(
      scope: TemplateScope,
      { limit, after: place }: PageRequest<EntityPlace>,
    ): Promise<Page<Deviation>> {
      const { rows } = await db.raw<{ rows: DeviationRow[] }>(
        `with ${comparison}, listed as (
           select * from judged j where j.own_kind is not null and ${after}
           order by j.solution_id, j.class, j.id limit :rows
         )
         select l.solution_id, l.class, l.id, s.name, l.own_kind,
           coalesce(f.since, greatest(l.joined_at, l.updated_at)) as since, coalesce(f.by, l.updated_by) as by,
           coalesce(f.fields, '[]') as fields
         from listed l join solution s on s.id = l.solution_id
         left join lateral (
           select min(d.since) as since, (array_agg(d.by order by d.since))[1] as by,
             jsonb_agg(jsonb_build_object('name', d.key, 'template', d.value, 'site', d.site, 'since', d.since,
               'by', d.by) order by d.key) as fields
           from (
             select o.key, o.value, nullif(l.held -> o.key, 'null') as site,
               greatest(l.joined_at, coalesce(v.at, l.updated_at)) as since, coalesce(v.by, l.updated_by) as by
             from jsonb_each(l.own) o left join lateral (${firstDeviatingVersion}) v on true
           ) d
         ) f on l.own_kind = 'values'
         order by l.solution_id, l.class, l.id`,
        { ...scopeBindings(scope), ...placeBindings(place), rows: limit + 1 },
      );
      return pageOf(rows.map(deviationFrom), limit, placeText);
    },

    /**
     * From now on these kitchens count as having received this state of the template, except for the entities in
     * `except`, which were not written.
     */
    async markSent(scope: TemplateScope, except: readonly SolutionEntity[]): Promise<void> {
      await db.raw(
        `with ${templateState}
         insert into template_sent (solution_id, class, id, revision)
         select f.solution_id, e.class, e.id, e.revision from template_site f cross join entity e
         where f.template_id = :templateId
           and (cast(:solutionIds as int[]) is null or f.solution_id = any(:solutionIds))
           and not exists (
             select from jsonb_to_recordset(cast(:except as jsonb)) as x (solution_id int, class text, id text)
             where x.solution_id = f.solution_id and x.class = e.class and x.id = e.id)
         on conflict (solution_id, class, id) do update set revision = excluded.revision
         where template_sent.revision < excluded.revision`,
        {
          ...scopeBindings(scope),
          except: JSON.stringify(
            except.map(({ solutionId, className, id }) => ({
              solution_id: solutionId,
              class: className,
              id,
            })),
          ),
        },
      );
    },

    /** What a rollout of a template has written at these kitchens counts as received from the template. */
    async markSentByRollout(rolloutId: string, solutionIds: readonly number[]): Promise<void> {
      await db.raw(
        `insert into template_sent (solution_id, class, id, revision)
         select e.solution_id, e.class, e.entity_id, max(v.revision)
         from template_rollout t
           join rollout_edit e on e.rollout_id = t.rollout_id and e.written is not null
           join template_site f on f.solution_id = e.solution_id and f.template_id = t.template_id
           join template_version v on v.template_id = t.template_id and v.class = e.class and v.id = e.entity_id
             and v.revision <= t.revision
         where t.rollout_id = :rolloutId and e.solution_id = any(cast(:solutionIds as int[]))
         group by e.solution_id, e.class, e.entity_id
         on conflict (solution_id, class, id) do update set revision = excluded.revision
         where template_sent.revision < excluded.revision`,
        { rolloutId, solutionIds: [...solutionIds] },
      );
    },
  };
}

const differenceColumns = `j.solution_id, j.class, j.id, s.name, j.edit_kind, j.pending, j.own_kind, j.own, j.wanted,
  j.held, j.is_there, j.version, ${blocked} as is_blocked`;

/** The first version of `l` that has held a value of its own in the field `o` ever since. */
const firstDeviatingVersion = `
  select v.at, v.by from param_version v
  where v.id_server = l.id_server and v.version > coalesce((
    select max(w.version) from param_version w
    where w.id_server = l.id_server and w.is_active
      and nullif(w.fields -> o.key, 'null') is distinct from nullif(l.held -> o.key, 'null')
      and (nullif(w.fields -> o.key, 'null') is null or exists (
        select from template_version g where g.template_id = :templateId and g.class = l.class and g.id = l.id
          and g.fields -> o.key = w.fields -> o.key))), 0)
  order by v.version limit 1`;

const placeBindings = (place: EntityPlace | null) => ({
  afterSolution: place?.solutionId ?? null,
  afterClass: place?.className ?? '',
  afterId: place?.id ?? '',
});

const differenceFrom = (row: Row): Difference => ({
  solutionId: row.solution_id,
  solutionName: row.name,
  className: row.class,
  id: row.id,
  editKind: row.edit_kind,
  pending: row.pending ?? {},
  ownKind: row.own_kind,
  own: row.own ?? {},
  wanted: row.wanted,
  held:
    row.held === null || row.version === null
      ? null
      : { fields: row.held, isActive: row.is_there, version: row.version },
  isBlocked: row.is_blocked,
});

const deviationFrom = (row: DeviationRow): Deviation => ({
  solutionId: row.solution_id,
  solutionName: row.name,
  className: row.class,
  id: row.id,
  kind: row.own_kind,
  since: row.since,
  by: row.by,
  fields: row.fields.map((field) => ({ ...field, since: new Date(field.since) })),
});
