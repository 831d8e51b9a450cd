import type { Page, PageRequest } from '../../../shared/domain/page';
import type { Caller } from '../../../shared/domain/staff';
import { followsOtherTemplate, notFound } from '../../../shared/errors/catalog';
import type { ParamSetStore } from '../../../shared/stores/parameters/param-set-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type {
  Deviation,
  Difference,
  EntityPlace,
  SiteCounts,
  TemplateDifferenceStore,
} from '../../../shared/stores/templates/template-difference-store';
import type {
  SiteCandidate,
  TemplateSite,
  TemplateSiteStore,
} from '../../../shared/stores/templates/template-site-store';
import type { Template, TemplateStore } from '../../../shared/stores/templates/template-store';
import { type AppliedToSite, applyTemplate, siteGroups } from '../../../shared/templates/apply-template';
import { needEditor, needVisible } from './rights';
import { foundTemplate, lockEditable } from './templates';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly paramSets: ParamSetStore;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible' | 'visibleOf'>;
  readonly templateDifferences: TemplateDifferenceStore;
  readonly templates: Pick<TemplateStore, 'find' | 'lock'>;
  readonly templateSites: TemplateSiteStore;
}

/** A kitchen that follows a template, and how it differs from it. */
export type ComparedSite = TemplateSite & SiteCounts;

/** The same of all kitchens of a template. */
export interface TemplateTotals extends SiteCounts {
  /** Kitchens in which something would change. */
  readonly sitesToChange: number;
  /** Kitchens with values of their own. */
  readonly sitesThatDeviate: number;
}

/** A part of a template, of one kitchen or of all. */
export interface TemplatePart {
  /** Null: all kitchens. */
  readonly solutionId: number | null;
  /** Null: all classes. */
  readonly className: string | null;
}

/** What goes back to the template's values. */
export interface ResetPart {
  readonly className: string | null;
  readonly id: string | null;
  readonly field: string | null;
}

export type TemplateSiteService = ReturnType<typeof createTemplateSiteService>;

/** The kitchens that follow a template: how they differ from it, and how they get it. */
export function createTemplateSiteService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** By the id of the kitchen. Throws `not-found`. */
    async list(caller: Caller, templateId: number, page: PageRequest<number>): Promise<Page<ComparedSite>> {
      const template = await foundTemplate(stores, caller, templateId);
      const { items, next } = await stores.templateSites.list(templateId, page);
      const ids = items.map(({ solutionId }) => solutionId);
      const counts = await stores.templateDifferences.counts(scopeOf(template, { solutionIds: ids }));
      return { items: items.map((site) => ({ ...site, ...countsOf(counts, site.solutionId) })), next };
    },

    /** Throws `not-found`, also for a kitchen that does not follow the template. */
    async get(caller: Caller, templateId: number, solutionId: number): Promise<ComparedSite> {
      const template = await foundTemplate(stores, caller, templateId);
      const page = await stores.templateSites.list(templateId, { limit: 1, after: null }, solutionId);
      const [site] = page.items;
      if (site === undefined) throw notFound('solution');
      const scope = scopeOf(template, { solutionIds: [solutionId] });
      return { ...site, ...countsOf(await stores.templateDifferences.counts(scope), solutionId) };
    },

    /** Kitchens of the customer that follow no template, at most 500. Throws `not-found`. */
    async candidates(caller: Caller, templateId: number): Promise<SiteCandidate[]> {
      await foundTemplate(stores, caller, templateId);
      return stores.templateSites.candidates(templateId, 500);
    },

    /** Throws `not-found`. */
    async totals(caller: Caller, templateId: number): Promise<TemplateTotals> {
      const template = await foundTemplate(stores, caller, templateId);
      return totalsOf([...(await stores.templateDifferences.counts(scopeOf(template))).values()]);
    },

    /** The template that a kitchen follows. Null: none. Throws `not-found`. */
    async templateOf(
      caller: Caller,
      solutionId: number,
    ): Promise<{ readonly id: number; readonly name: string } | null> {
      await needVisible(stores, caller, solutionId);
      return stores.templateSites.templateOf(solutionId);
    },

    /**
     * All of the kitchens or none. Their values stay: what differs from the template counts as their own. One that
     * follows the template already is no error. Throws `not-found`, also for a kitchen of another customer; `forbidden`,
     * `follows-other-template`.
     */
    async join(caller: Caller, templateId: number, solutionIds: readonly number[]): Promise<void> {
      await transaction(async (stores) => {
        const template = await lockEditable(stores, caller, templateId);
        const wanted = [...new Set(solutionIds)];
        const joined = await stores.templateSites.join(templateId, wanted, caller.email);
        const following = new Set(await stores.templateSites.ids(templateId, wanted));
        const missing = wanted.find((solutionId) => !following.has(solutionId));
        if (missing !== undefined) throw await whyNot(stores, template, missing);
        const after = { template: templateId, name: template.name };
        await stores.audit.add(
          joined.map((solutionId) => auditEntry(caller, 'template.join', { solutionId, after })),
        );
      });
    },

    /** The kitchen keeps its values. Throws `not-found`, `forbidden`. */
    async leave(caller: Caller, templateId: number, solutionId: number): Promise<void> {
      await transaction(async (stores) => {
        const template = await lockEditable(stores, caller, templateId);
        if (!(await stores.templateSites.leave(templateId, solutionId))) throw notFound('solution');
        const before = { template: templateId, name: template.name };
        await stores.audit.add([auditEntry(caller, 'template.leave', { solutionId, before })]);
      });
    },

    /** What would change if the template went out now. Throws `not-found`. */
    async difference(
      caller: Caller,
      templateId: number,
      part: TemplatePart,
      page: PageRequest<EntityPlace>,
    ): Promise<Page<Difference>> {
      const template = await foundTemplate(stores, caller, templateId);
      return stores.templateDifferences.edits(scopeOf(template, scopeOfPart(part)), page);
    },

    /** Where kitchens have values of their own, and since when. Throws `not-found`. */
    async deviations(
      caller: Caller,
      templateId: number,
      part: TemplatePart,
      page: PageRequest<EntityPlace>,
    ): Promise<Page<Deviation>> {
      const template = await foundTemplate(stores, caller, templateId);
      return stores.templateDifferences.deviations(scopeOf(template, scopeOfPart(part)), page);
    },

    /**
     * One kitchen goes back to the template's values: all of it, a class, an entity or a field. What waits of the same
     * entities goes with it. Throws `not-found`, `forbidden`.
     */
    async reset(
      caller: Caller,
      templateId: number,
      solutionId: number,
      part: ResetPart,
    ): Promise<AppliedToSite> {
      return transaction(async (stores) => {
        const template = await lockEditable(stores, caller, templateId);
        const { className, id, field } = part;
        const scope = { ...scopeOf(template), solutionIds: [solutionId], className, id };
        const application = { scope, ownValues: 'overwrite', field, by: caller.email } as const;
        const [applied] = await applyTemplate(stores, application);
        if (applied === undefined) throw notFound('solution');
        const after = { template: templateId, name: template.name, ...part, written: applied.written };
        await stores.audit.add([auditEntry(caller, 'template.reset', { solutionId, after })]);
        return applied;
      });
    },

    /**
     * The template goes out to all kitchens that follow it. Their own values stay. Each group of kitchens is one
     * transaction; a call that ends in between is made good by the next one. Throws `not-found`, `forbidden`.
     */
    async sendOut(caller: Caller, templateId: number): Promise<AppliedToSite[]> {
      const template = await foundTemplate(stores, caller, templateId);
      needEditor(caller);
      const all = await stores.templateSites.ids(templateId);
      const applied: AppliedToSite[] = [];
      for (const solutionIds of siteGroups(all, template.entities)) {
        applied.push(
          ...(await transaction(async (stores) => {
            const scope = { ...scopeOf(template), solutionIds };
            const done = await applyTemplate(stores, {
              scope,
              ownValues: 'keep',
              field: null,
              by: caller.email,
            });
            await stores.audit.add(
              done
                .filter(({ written }) => written > 0)
                .map(({ solutionId, written, skipped }) => {
                  const { id, name, revision } = template;
                  const after = { template: id, name, revision, written, skipped };
                  return auditEntry(caller, 'template.apply', { solutionId, after });
                }),
            );
            return done;
          })),
        );
      }
      return applied;
    },
  };
}

const scopeOf = (
  { id, revision }: Template,
  part: { readonly solutionIds?: readonly number[] | null; readonly className?: string | null } = {},
) => ({
  templateId: id,
  revision,
  solutionIds: part.solutionIds ?? null,
  className: part.className ?? null,
  id: null,
});

const scopeOfPart = ({ solutionId, className }: TemplatePart) => ({
  solutionIds: solutionId === null ? null : [solutionId],
  className,
});

const nothing: SiteCounts = { additions: 0, changes: 0, removals: 0, deviations: 0 };

const countsOf = (counts: ReadonlyMap<number, SiteCounts>, solutionId: number) =>
  counts.get(solutionId) ?? nothing;

const toChange = ({ additions, changes, removals }: SiteCounts) => additions + changes + removals;

function totalsOf(sites: readonly SiteCounts[]): TemplateTotals {
  const sumOf = (count: (site: SiteCounts) => number) => sites.reduce((sum, site) => sum + count(site), 0);
  return {
    additions: sumOf(({ additions }) => additions),
    changes: sumOf(({ changes }) => changes),
    removals: sumOf(({ removals }) => removals),
    deviations: sumOf(({ deviations }) => deviations),
    sitesToChange: sites.filter((site) => toChange(site) > 0).length,
    sitesThatDeviate: sites.filter(({ deviations }) => deviations > 0).length,
  };
}

/** A kitchen of another customer does not exist here, even for someone who sees both customers. */
async function whyNot(stores: Stores, template: Template, solutionId: number): Promise<Error> {
  const [visible] = await stores.solutionAdmin.visibleOf([template.account.id], [solutionId]);
  const other = visible === undefined ? null : await stores.templateSites.templateOf(solutionId);
  return other === null ? notFound('solution') : followsOtherTemplate(solutionId, other.name);
}
