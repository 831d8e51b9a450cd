import {
  type ParameterClass,
  templateClasses,
  templateColumns,
} from '../../../shared/catalog/parameter-classes';
import type { FieldProblem } from '../../../shared/domain/field-fault';
import { type Fields, sameCopy } from '../../../shared/domain/merge-copy';
import type { Page, PageRequest } from '../../../shared/domain/page';
import { type Caller, sees } from '../../../shared/domain/staff';
import { decidedFields } from '../../../shared/domain/template';
import {
  alreadyExists,
  invalidFields,
  notFound,
  notInTemplates,
  staleVersion,
} from '../../../shared/errors/catalog';
import { validateFields } from '../../../shared/formats/parameter-values';
import { isEntityId } from '../../../shared/formats/xml-entity';
import type { Account, AccountStore } from '../../../shared/stores/solutions/account-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type {
  Template,
  TemplateEntity,
  TemplateStore,
} from '../../../shared/stores/templates/template-store';
import { needEditor } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly accounts: Pick<AccountStore, 'existing' | 'seenBy'>;
  readonly audit: Pick<AuditStore, 'add'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'find'>;
  readonly templates: TemplateStore;
}

export interface TemplateEntityPath {
  readonly templateId: number;
  readonly parameterClass: ParameterClass;
  readonly id: string;
}

export type TemplateService = ReturnType<typeof createTemplateService>;

/**
 * Templates: settings that are edited once for many kitchens of one customer. An edit changes only the template; the
 * kitchens get it when it goes out.
 */
export function createTemplateService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    async list(caller: Caller, page: PageRequest<number>): Promise<Page<Template>> {
      return stores.templates.list(caller.accounts, page);
    },

    /** The accounts that the caller may add a template to. */
    accounts: (caller: Caller): Promise<Account[]> => stores.accounts.seenBy(caller.accounts),

    /** Throws `not-found`. */
    async get(caller: Caller, id: number): Promise<Template> {
      return foundTemplate(stores, caller, id);
    },

    /** Throws `forbidden`, `invalid-fields`, `already-exists`. */
    async create(
      caller: Caller,
      { accountId, name }: { accountId: number; name: string },
    ): Promise<Template> {
      needEditor(caller);
      return transaction(async (stores) => {
        const isSeen = sees(caller, accountId) && (await stores.accounts.existing([accountId])).length === 1;
        if (!isSeen)
          throw invalidFields([{ field: 'account', fault: { code: 'no-such-account', account: accountId } }]);
        const id = await stores.templates.insert(accountId, name);
        if (id === null) throw alreadyExists('template');
        await stores.audit.add([
          auditEntry(caller, 'template.create', { after: { template: id, accountId, name } }),
        ]);
        return foundTemplate(stores, caller, id);
      });
    },

    /** Throws `not-found`, `forbidden`, `already-exists`. */
    async rename(caller: Caller, id: number, name: string): Promise<Template> {
      return transaction(async (stores) => {
        const before = await lockEditable(stores, caller, id);
        if (!(await stores.templates.rename(id, name))) throw alreadyExists('template');
        const deed = { before: { template: id, name: before.name }, after: { name } };
        await stores.audit.add([auditEntry(caller, 'template.rename', deed)]);
        return { ...before, name };
      });
    },

    /** The kitchens that followed it keep their values. Throws `not-found`, `forbidden`. */
    async delete(caller: Caller, id: number): Promise<void> {
      await transaction(async (stores) => {
        const before = await lockEditable(stores, caller, id);
        await stores.templates.delete(id);
        const deed = { before: { template: id, name: before.name, sites: before.sites } };
        await stores.audit.add([auditEntry(caller, 'template.delete', deed)]);
      });
    },

    /** All classes that a template can hold, with the number of entities of this one. Throws `not-found`. */
    async classes(
      caller: Caller,
      id: number,
    ): Promise<{ readonly parameterClass: ParameterClass; readonly entities: number }[]> {
      await foundTemplate(stores, caller, id);
      const counts = await stores.templates.countByClass(id);
      return templateClasses.map((parameterClass) => ({
        parameterClass,
        entities: counts.get(parameterClass.name) ?? 0,
      }));
    },

    /** By id. Throws `not-found`. */
    async entities(
      caller: Caller,
      { templateId, parameterClass }: Omit<TemplateEntityPath, 'id'>,
      page: PageRequest<string>,
    ): Promise<Page<TemplateEntity>> {
      await foundTemplate(stores, caller, templateId);
      return stores.templates.entities({ templateId, className: parameterClass.name }, page);
    },

    /** Throws `not-found`. */
    async entity(caller: Caller, path: TemplateEntityPath): Promise<TemplateEntity> {
      await foundTemplate(stores, caller, path.templateId);
      return foundEntity(stores, path);
    },

    /**
     * Adds or changes an entity: the named fields are set, the others stay, and the template no longer decides a field
     * that is set to null. `ifRevision`: the one that the edit is based on; null: any. Throws `not-found`, `forbidden`,
     * `not-in-templates`, `invalid-fields`, `stale`.
     */
    async putEntity(
      caller: Caller,
      path: TemplateEntityPath,
      given: Readonly<Record<string, unknown>>,
      ifRevision: number | null,
    ): Promise<{ entity: TemplateEntity; isNew: boolean }> {
      return transaction(async (stores) => {
        await lockEditable(stores, caller, path.templateId);
        const fields = validated(path, given);
        const before = await stores.templates.findEntity(storeKey(path));
        needRevision(before, ifRevision);
        const after = decidedFields({ ...before?.fields, ...fields });
        needSomeField(path.parameterClass, after);
        if (before !== null && isSame(before.fields, after)) return { entity: before, isNew: false };
        await stores.templates.addVersion(storeKey(path), {
          fields: after,
          isActive: true,
          by: caller.email,
        });
        await tell(stores, caller, path, { before: before?.fields ?? null, after });
        return { entity: await foundEntity(stores, path), isNew: before === null };
      });
    },

    /** Kitchens delete it when the template goes out. Throws `not-found`, `forbidden`, `stale`. */
    async deleteEntity(caller: Caller, path: TemplateEntityPath, ifRevision: number | null): Promise<void> {
      await transaction(async (stores) => {
        await lockEditable(stores, caller, path.templateId);
        const { fields, revision } = await foundEntity(stores, path);
        needRevision({ revision }, ifRevision);
        await stores.templates.addVersion(storeKey(path), { fields, isActive: false, by: caller.email });
        await tell(stores, caller, path, { before: fields, after: null });
      });
    },

    /**
     * Takes what a kitchen of the same customer has of some classes. What the template holds already stays as it is.
     * Returns the number of entities that were added. Throws `not-found`, `forbidden`.
     */
    async copyFrom(
      caller: Caller,
      templateId: number,
      { solutionId, classes }: { solutionId: number; classes: readonly ParameterClass[] },
    ): Promise<number> {
      return transaction(async (stores) => {
        const template = await lockEditable(stores, caller, templateId);
        const solution = await stores.solutionAdmin.find(caller.accounts, solutionId);
        if (solution?.account.id !== template.account.id) throw notFound('solution');
        const copied = classes.filter(({ fitsTemplate }) => fitsTemplate);
        const added = await stores.templates.copyFrom(
          { templateId, solutionId },
          copied.map((one) => ({
            className: one.name,
            fields: templateColumns(one).map(({ name }) => name),
          })),
          caller.email,
        );
        const after = { template: templateId, classes: copied.map(({ name }) => name), added };
        await stores.audit.add([auditEntry(caller, 'template.copy', { solutionId, after })]);
        return added;
      });
    },
  };
}

/** Throws `not-found` if there is no such template, or if it belongs to another account. */
export async function foundTemplate(
  { templates }: { readonly templates: Pick<TemplateStore, 'find'> },
  caller: Caller,
  id: number,
): Promise<Template> {
  const template = await templates.find(caller.accounts, id);
  if (template === null) throw notFound('template');
  return template;
}

/** As `foundTemplate`, for an editor, and nobody else changes it before the transaction ends. */
export async function lockEditable(
  stores: { readonly templates: Pick<TemplateStore, 'find' | 'lock'> },
  caller: Caller,
  id: number,
): Promise<Template> {
  if (!(await stores.templates.lock(caller.accounts, id))) throw notFound('template');
  needEditor(caller);
  return foundTemplate(stores, caller, id);
}

async function foundEntity({ templates }: Stores, path: TemplateEntityPath): Promise<TemplateEntity> {
  const entity = isEntityId(path.id) ? await templates.findEntity(storeKey(path)) : null;
  if (entity === null) throw notFound('entity');
  return entity;
}

function validated(
  { parameterClass, id }: TemplateEntityPath,
  given: Readonly<Record<string, unknown>>,
): Fields {
  if (!parameterClass.fitsTemplate) throw notInTemplates(parameterClass.name);
  if (!isEntityId(id)) throw invalidFields([{ field: 'Id', fault: { code: 'not-an-id' } }]);
  const { fields, problems } = validateFields(parameterClass, given);
  const known = new Set(templateColumns(parameterClass).map(({ name }) => name));
  const others = Object.keys(given)
    .filter((name) => !known.has(name) && !problems.some(({ field }) => field === name))
    .map((field): FieldProblem => ({ field, fault: { code: 'not-in-templates' } }));
  if (problems.length + others.length > 0) throw invalidFields([...problems, ...others]);
  return fields;
}

/** An entity of which the template decides nothing would be an empty one in every kitchen. */
function needSomeField(parameterClass: ParameterClass, fields: Fields): void {
  const [first] = templateColumns(parameterClass);
  if (Object.keys(fields).length === 0 && first !== undefined)
    throw invalidFields([{ field: first.name, fault: { code: 'empty' } }]);
}

function needRevision(before: Pick<TemplateEntity, 'revision'> | null, ifRevision: number | null): void {
  const revision = before?.revision ?? 0;
  if (ifRevision !== null && ifRevision !== revision) throw staleVersion(revision);
}

const isSame = (one: Fields, other: Fields) =>
  sameCopy({ isActive: true, fields: one }, { isActive: true, fields: other });

async function tell(
  { audit }: Stores,
  caller: Caller,
  { templateId, parameterClass, id }: TemplateEntityPath,
  { before, after }: { before: Fields | null; after: Fields | null },
): Promise<void> {
  const about = { template: templateId, class: parameterClass.name, id };
  const deed = { before: { ...about, fields: before }, after: { ...about, fields: after } };
  await audit.add([auditEntry(caller, 'template.edit', deed)]);
}

const storeKey = ({ templateId, parameterClass, id }: TemplateEntityPath) => ({
  templateId,
  className: parameterClass.name,
  id,
});
