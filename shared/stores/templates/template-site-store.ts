import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';

/** A kitchen that follows a template. */
export interface TemplateSite {
  readonly solutionId: number;
  readonly name: string;
  readonly joinedAt: Date;
  /** E-mail. */
  readonly joinedBy: string;
}

/** A kitchen that could follow a template. */
export interface SiteCandidate {
  readonly solutionId: number;
  readonly name: string;
}

interface Row {
  solution_id: number;
  name: string;
  joined_at: Date;
  joined_by: string;
}

export type TemplateSiteStore = ReturnType<typeof createTemplateSiteStore>;

/** Which kitchens follow which template. */
export function createTemplateSiteStore(db: Db) {
  return {
    /** By the id of the kitchen. */
    async list(
      templateId: number,
      { limit, after }: PageRequest<number>,
      solutionId: number | null = null,
    ): Promise<Page<TemplateSite>> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `select f.solution_id, s.name, f.joined_at, f.joined_by
         from template_site f join solution s on s.id = f.solution_id
         where f.template_id = :templateId and s.retired_at is null and f.solution_id > :after
           and (cast(:solutionId as int) is null or f.solution_id = :solutionId)
         order by f.solution_id limit :rows`,
        { templateId, solutionId, after: after ?? 0, rows: limit + 1 },
      );
      return pageOf(rows.map(siteFrom), limit, (last) => String(last.solutionId));
    },

    /** Kitchens of the same account that follow no template, by name. */
    async candidates(templateId: number, limit: number): Promise<SiteCandidate[]> {
      const { rows } = await db.raw<{ rows: SiteCandidate[] }>(
        `select s.id as "solutionId", s.name from template t join solution s on s.account_id = t.account_id
         where t.id = :templateId and s.retired_at is null
           and not exists (select from template_site f where f.solution_id = s.id)
         order by s.name, s.id limit :limit`,
        { templateId, limit },
      );
      return rows;
    },

    /** All kitchens, or those of `among` that follow the template, by id. */
    async ids(templateId: number, among: readonly number[] | null = null): Promise<number[]> {
      const { rows } = await db.raw<{ rows: { solution_id: number }[] }>(
        `select f.solution_id from template_site f join solution s on s.id = f.solution_id
         where f.template_id = :templateId and s.retired_at is null
           and (cast(:among as int[]) is null or f.solution_id = any(:among)) order by f.solution_id`,
        { templateId, among: among === null ? null : [...among] },
      );
      return rows.map((row) => row.solution_id);
    },

    /** As `ids`, and none of them leaves before the transaction ends. */
    async lock(templateId: number, among: readonly number[]): Promise<number[]> {
      const { rows } = await db.raw<{ rows: { solution_id: number }[] }>(
        `select f.solution_id from template_site f join solution s on s.id = f.solution_id
         where f.template_id = :templateId and s.retired_at is null and f.solution_id = any(:among)
         order by f.solution_id for no key update of f`,
        { templateId, among: [...among] },
      );
      return rows.map((row) => row.solution_id);
    },

    /** The template that a kitchen follows. Null: none. */
    async templateOf(solutionId: number): Promise<{ readonly id: number; readonly name: string } | null> {
      const { rows } = await db.raw<{ rows: { id: number; name: string }[] }>(
        `select t.id, t.name from template_site f join template t on t.id = f.template_id
         where f.solution_id = :solutionId`,
        { solutionId },
      );
      return rows[0] ?? null;
    },

    /**
     * Kitchens of the account of the template that follow none yet. Returns those that joined. The lock on the kitchens
     * lets none of them move to another account meanwhile.
     */
    async join(templateId: number, solutionIds: readonly number[], by: string): Promise<number[]> {
      const { rows } = await db.raw<{ rows: { solution_id: number }[] }>(
        `with kitchen as (
           select s.id from solution s join template t on t.account_id = s.account_id
           where t.id = :templateId and s.id = any(:solutionIds) and s.retired_at is null order by s.id for share of s
         )
         insert into template_site (solution_id, template_id, joined_by)
         select id, :templateId, :by from kitchen
         on conflict (solution_id) do nothing returning solution_id`,
        { templateId, solutionIds: [...solutionIds], by },
      );
      return rows.map((row) => row.solution_id);
    },

    /** Its values stay. False: it does not follow this template. */
    async leave(templateId: number, solutionId: number): Promise<boolean> {
      const left = await db('template_site')
        .where({ template_id: templateId, solution_id: solutionId })
        .delete();
      return left === 1;
    },
  };
}

const siteFrom = (row: Row): TemplateSite => ({
  solutionId: row.solution_id,
  name: row.name,
  joinedAt: row.joined_at,
  joinedBy: row.joined_by,
});
