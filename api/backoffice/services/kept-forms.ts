import type { Caller } from '../../../shared/domain/staff';
import { hashFormToken } from '../../../shared/secrets';
import type { KeptForm, KeptFormStore, WrittenForm } from '../../../shared/stores/staff/kept-form-store';

interface Stores {
  readonly keptForms: KeptFormStore;
}

/** Longer forms are not kept, because nobody types that much. */
const longestKept = 1_000_000;

export type KeptFormService = ReturnType<typeof createKeptFormService>;

/** Forms of the console that were sent after the session had ended. */
export function createKeptFormService({ stores }: { readonly stores: Stores }) {
  const { keptForms } = stores;
  return {
    /**
     * Keeps a form that came without a session, or with a newer one than the form is of. `formToken` proves who was
     * shown the form. `caller`: whoever is signed in now; nobody else's form is kept then. Null: it is not kept.
     */
    async keep(formToken: string, caller: Caller | null, form: WrittenForm): Promise<string | null> {
      if (caller !== null && caller.userId === null) return null;
      if (JSON.stringify(form.fields).length > longestKept) return null;
      return keptForms.keep(hashFormToken(formToken), caller?.userId ?? null, form);
    },

    /** Null: there is none, or another user wrote it. */
    find: async ({ userId }: Caller, id: string): Promise<KeptForm | null> =>
      userId === null ? null : keptForms.find(userId, id),

    /** It has been sent. */
    async forget({ userId }: Caller, id: string): Promise<void> {
      if (userId !== null) await keptForms.remove(userId, id);
    },
  };
}
