import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Fields } from '../../domain/merge-copy';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';

/** A chain's template: settings that are edited once for many kitchens of one customer. */
export interface Template {
  readonly id: number;
  readonly account: { readonly id: number; readonly name: string };
  readonly name: string;
  /** Grows with each change of its entities. */
  readonly revision: number;
  /** The number of kitchens that follow it. */
  readonly sites: number;
  /** The number of entities that it holds. */
  readonly entities: number;
  readonly createdAt: Date;
}

export interface TemplateEntity {
  readonly id: string;
  /** The fields that the template decides. The others belong to each kitchen. */
  readonly fields: Fields;
  /** The revision of the template that brought this version. */
  readonly revision: number;
  readonly updatedAt: Date;
  /** E-mail. */
  readonly updatedBy: string;
}

export interface TemplateEntityKey {
  readonly templateId: number;
  /** e.g. `Fridges`. */
  readonly className: string;
  readonly id: string;
}

/** The fields of a class that a template can hold. */
export interface CopiedClass {
  readonly className: string;
  readonly fields: readonly string[];
}

interface Row {
  id: number;
  account_id: number;
  account_name: string;
  name: string;
  revision: number;
  sites: number;
  entities: number;
  created_at: Date;
}

interface EntityRow {
  id: string;
  fields: Fields;
  revision: number;
  at: Date;
  by: string;
}

const columns = `t.id, t.account_id, a.name as account_name, t.name, t.revision, t.created_at,
  (select cast(count(*) as int) from template_site f join solution s on s.id = f.solution_id
   where f.template_id = t.id and s.retired_at is null) as sites,
  (select cast(count(*) as int) from (
     select distinct on (v.class, v.id) v.is_active from template_version v where v.template_id = t.id
     order by v.class, v.id, v.revision desc) latest where latest.is_active) as entities`;
const visible = '(cast(:accounts as int[]) is null or t.account_id = any(:accounts))';

export type TemplateStore = ReturnType<typeof createTemplateStore>;

/** Templates and what they hold. Every read of a template takes the accounts that the caller may see. */
export function createTemplateStore(db: Db) {
  return {
    /** A rollout sends this state of a template. */
    async noteRollout(rollout: {
      readonly rolloutId: string;
      readonly templateId: number;
      readonly revision: number;
    }): Promise<void> {
      await db.raw(
        `insert into template_rollout (rollout_id, template_id, revision)
         values (:rolloutId, :templateId, :revision)`,
        rollout,
      );
    },

    /** By id. */
    async list(accounts: AccountScope, { limit, after }: PageRequest<number>): Promise<Page<Template>> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select ${columns} from template t join account a on a.id = t.account_id
         where ${visible} and t.id > :after order by t.id limit :rows`,
        { accounts: idsOf(accounts), after: after ?? 0, rows: limit + 1 },
      );
      return pageOf(rows.map(templateFrom), limit, (last) => String(last.id));
    },

    async find(accounts: AccountScope, id: number): Promise<Template | null> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select ${columns} from template t join account a on a.id = t.account_id where ${visible} and t.id = :id`,
        { accounts: idsOf(accounts), id },
      );
      return rows[0] === undefined ? null : templateFrom(rows[0]);
    },

    /** Nobody else changes it before the transaction ends. False: there is none that the caller may see. */
    async lock(accounts: AccountScope, id: number): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `select t.id from template t where ${visible} and t.id = :id for update`,
        { accounts: idsOf(accounts), id },
      );
      return rows.length === 1;
    },

    /** Null: the account has a template with that name. */
    async insert(accountId: number, name: string): Promise<number | null> {
      const { rows } = await db.raw<{ rows: { id: number }[] }>(
        `insert into template (account_id, name) values (:accountId, :name)
         on conflict (account_id, name) do nothing returning id`,
        { accountId, name },
      );
      return rows[0]?.id ?? null;
    },

    /** False: the account has another template with that name. */
    async rename(id: number, name: string): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `update template t set name = :name where t.id = :id and not exists (
           select from template o where o.account_id = t.account_id and o.name = :name and o.id <> t.id)
         returning t.id`,
        { id, name },
      );
      return rows.length === 1;
    },

    /** Its kitchens leave it. What they hold stays. */
    async delete(id: number): Promise<void> {
      await db('template').where({ id }).delete();
    },

    /** The number of entities of each class, without classes that have none. */
    async countByClass(templateId: number): Promise<ReadonlyMap<string, number>> {
      const { rows } = await db.raw<{ rows: { class: string; count: number }[] }>(
        `select class, cast(count(*) as int) as count from (${latest}) v where v.is_active group by class`,
        { templateId },
      );
      return new Map(rows.map((row) => [row.class, row.count]));
    },

    /** By id; without those that were removed. */
    async entities(
      { templateId, className }: Omit<TemplateEntityKey, 'id'>,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<TemplateEntity>> {
      const { rows } = await db.raw<{ rows: EntityRow[] }>(
        `select id, fields, revision, at, by from (
           select distinct on (v.id) v.* from template_version v
           where v.template_id = :templateId and v.class = :className and v.id > :after
           order by v.id, v.revision desc) v
         where v.is_active order by v.id limit :rows`,
        { templateId, className, after: after ?? '', rows: limit + 1 },
      );
      return pageOf(rows.map(entityFrom), limit, (last) => last.id);
    },

    /** Null: the template does not hold it. */
    async findEntity({ templateId, className, id }: TemplateEntityKey): Promise<TemplateEntity | null> {
      const { rows } = await db.raw<{ rows: (EntityRow & { is_active: boolean })[] }>(
        `select id, fields, revision, at, by, is_active from template_version
         where template_id = :templateId and class = :className and id = :id order by revision desc limit 1`,
        { templateId, className, id },
      );
      const [row] = rows;
      return row?.is_active === true ? entityFrom(row) : null;
    },

    /** Adds a version, and with it a revision of the template. Returns the revision. Lock the template first. */
    async addVersion(
      { templateId, className, id }: TemplateEntityKey,
      { fields, isActive, by }: { readonly fields: Fields; readonly isActive: boolean; readonly by: string },
    ): Promise<number> {
      const { rows } = await db.raw<{ rows: { revision: number }[] }>(
        `with next as (update template set revision = revision + 1 where id = :templateId returning id, revision)
         insert into template_version (template_id, class, id, revision, fields, is_active, by)
         select next.id, :className, :id, next.revision, cast(:fields as jsonb), :isActive, :by from next
         returning revision`,
        { templateId, className, id, fields: JSON.stringify(fields), isActive, by },
      );
      return rows[0]?.revision ?? 0;
    },

    /**
     * Takes what a kitchen has of some classes, without entities that the template holds already. Returns their number.
     * Lock the template first.
     */
    async copyFrom(
      { templateId, solutionId }: { readonly templateId: number; readonly solutionId: number },
      classes: readonly CopiedClass[],
      by: string,
    ): Promise<number> {
      const { rows } = await db.raw<{ rows: { count: number }[] }>(
        `with held as (
           select p.class, p.id, jsonb_object_agg(f.key, f.value) as fields
           from jsonb_to_recordset(cast(:classes as jsonb)) as c (class text, fields text[])
           join param p on p.solution_id = :solutionId and p.class = c.class and p.is_active
           cross join jsonb_each(p.fields) f
           where f.key = any(c.fields) and f.value <> 'null'
             and not exists (select from (${latest}) v where v.class = p.class and v.id = p.id and v.is_active)
           group by p.class, p.id
         ), next as (
           update template set revision = revision + 1 where id = :templateId and exists (select from held)
           returning revision
         ), added as (
           insert into template_version (template_id, class, id, revision, fields, is_active, by)
           select :templateId, held.class, held.id, next.revision, held.fields, true, :by from held cross join next
           returning id
         )
         select cast(count(*) as int) as count from added`,
        {
          templateId,
          solutionId,
          classes: JSON.stringify(classes.map(({ className, fields }) => ({ class: className, fields }))),
          by,
        },
      );
      return rows[0]?.count ?? 0;
    },
  };
}

const latest = `select distinct on (v.class, v.id) v.class, v.id, v.is_active from template_version v
  where v.template_id = :templateId order by v.class, v.id, v.revision desc`;

const templateFrom = (row: Row): Template => ({
  id: row.id,
  account: { id: row.account_id, name: row.account_name },
  name: row.name,
  revision: row.revision,
  sites: row.sites,
  entities: row.entities,
  createdAt: row.created_at,
});

const entityFrom = (row: EntityRow): TemplateEntity => ({
  id: row.id,
  fields: row.fields,
  revision: row.revision,
  updatedAt: row.at,
  updatedBy: row.by,
});
