/** Which part of a template is compared, and with which kitchens. */
export interface TemplateScope {
  readonly templateId: number;
  /** The state of the template. */
  readonly revision: number;
  /** Null: all kitchens that follow the template. */
  readonly solutionIds: readonly number[] | null;
  readonly className: string | null;
  readonly id: string | null;
}

export const scopeBindings = (scope: TemplateScope) => ({
  templateId: scope.templateId,
  revision: scope.revision,
  solutionIds: scope.solutionIds === null ? null : [...scope.solutionIds],
  className: scope.className,
  id: scope.id,
});

/** The entities of a template at a revision: `entity`. */
export const templateState = `entity as (
  select distinct on (class, id) class, id, revision, fields, is_active from template_version
  where template_id = :templateId and revision <= :revision
    and (cast(:className as text) is null or class = :className) and (cast(:id as text) is null or id = :id)
  order by class, id, revision desc
)`;

/**
 * Compares all entities of a template with all kitchens in one statement: `judged` has a row for each entity of a kitchen
 * that is not as the template wants it. It is the rule of `mergeCopies` in `shared/domain/merge.ts`, with three copies:
 * what last went to the kitchen, what the kitchen holds, and what the template holds now. What the kitchen did not change
 * is `edit_kind` with the fields `pending`; where the kitchen has values of its own, they stay: `own_kind` with the
 * fields `own`. A row can have both.
 */
export const comparison = `${templateState}, site as (
  select f.solution_id, f.joined_at from template_site f join solution s on s.id = f.solution_id
  where f.template_id = :templateId and s.retired_at is null
    and (cast(:solutionIds as int[]) is null or f.solution_id = any(:solutionIds))
), compared as (
  select site.solution_id, site.joined_at, e.class, e.id, e.revision, e.fields as wanted, e.is_active as is_wanted,
    coalesce(b.is_active, false) as was_sent, case when b.is_active then b.fields else '{}' end as sent,
    p.id_server, p.version, p.fields as held, coalesce(p.is_active, false) as is_there, p.updated_at, p.updated_by
  from site cross join entity e
  left join template_sent t on t.solution_id = site.solution_id and t.class = e.class and t.id = e.id
  left join template_version b
    on b.template_id = :templateId and b.class = e.class and b.id = e.id and b.revision = t.revision
  left join param p on p.solution_id = site.solution_id and p.class = e.class and p.id = e.id
  where case when e.is_active then not coalesce(p.is_active and p.fields @> e.fields, false)
    else coalesce(p.is_active and b.is_active, false) end
), judged as (
  select c.*, f.pending, f.own,
    case when c.is_wanted and c.is_there then case when f.pending is not null then 'change' end
      when c.is_wanted then case when not c.was_sent then 'add' end
      when c.held @> c.sent then 'remove' end as edit_kind,
    case when c.is_wanted and c.is_there then case when f.own is not null then 'values' end
      when c.is_wanted then case when c.was_sent then 'deleted' end
      when not c.held @> c.sent then 'kept' end as own_kind
  from compared c
  left join lateral (
    select jsonb_object_agg(w.key, w.value) filter (where not w.is_own) as pending,
      jsonb_object_agg(w.key, w.value) filter (where w.is_own) as own
    from (
      select key, value, nullif(c.held -> key, 'null') is distinct from c.sent -> key as is_own
      from jsonb_each(c.wanted) where nullif(c.held -> key, 'null') is distinct from value
    ) w
  ) f on c.is_wanted and c.is_there
)`;
