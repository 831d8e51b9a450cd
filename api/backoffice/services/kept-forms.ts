import type { Db } from '../../../shared/db/database';
import type { Caller } from '../../../shared/domain/staff';
import { hashFormToken } from '../../../shared/secrets';
import {
  createKeptFormStore,
  type KeptForm,
  type WrittenForm,
} from '../../../shared/stores/staff/kept-form-store';

/** Where more is written, it is not kept: nobody writes so much by hand. */
const longestKept = 1_000_000;

export type KeptFormService = ReturnType<typeof createKeptFormService>;

/** What someone wrote in a form of the console while their session ended. */
export function createKeptFormService({ db }: { readonly db: Db }) {
  const forms = createKeptFormStore(db);
  return {
    /**
     * Keeps a form that came without a session, or with a newer one than the form is of. `formToken` proves who was
     * shown the form. `caller`: whoever is signed in now; nobody else's form is kept then. Null: it is not kept.
     */
    async keep(formToken: string, caller: Caller | null, form: WrittenForm): Promise<string | null> {
      if (caller !== null && caller.userId === null) return null;
      if (JSON.stringify(form.fields).length > longestKept) return null;
      return forms.keep(hashFormToken(formToken), caller?.userId ?? null, form);
    },

    /** Null: there is none, or another user wrote it. */
    find: async ({ userId }: Caller, id: string): Promise<KeptForm | null> =>
      userId === null ? null : forms.find(userId, id),

    /** It has been sent. */
    async forget({ userId }: Caller, id: string): Promise<void> {
      if (userId !== null) await forms.remove(userId, id);
    },
  };
}
