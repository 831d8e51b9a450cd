import type { Db } from '../../db/database';

/** By the names of the inputs of a form. */
export type FormFields = Readonly<Record<string, string | readonly string[]>>;

/** The content of a form that could not be sent. */
export interface WrittenForm {
  /** Paths of this server: the page that shows the form, and where the form is sent. */
  readonly page: string;
  readonly action: string;
  readonly fields: FormFields;
}

export interface KeptForm extends WrittenForm {
  readonly id: string;
}

/** The most forms that are kept per user. Each may be a megabyte. */
const mostOfOneUser = 5;

export type KeptFormStore = ReturnType<typeof createKeptFormStore>;

/** Keeps the content of forms that were sent after the session had ended: for one day, and only for their author. */
export function createKeptFormStore(db: Db) {
  return {
    /**
     * Keeps the form for the user whose forms have this key, and drops the user's oldest ones. `onlyFor`: only if it is
     * this user. Returns its id, or null if the key is unknown or belongs to another user.
     */
    async keep(formKey: Buffer, onlyFor: number | null, form: WrittenForm): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `with owner as (
           select user_id from form_owner
           where form_key = :formKey and usable_until > now()
             and (cast(:onlyFor as int) is null or user_id = :onlyFor)
         ), outdated as (
           delete from kept_form where kept_at < now() - interval '1 day' or id in (
             select k.id from kept_form k join owner using (user_id) order by k.kept_at desc offset ${mostOfOneUser - 1}
           )
         )
         insert into kept_form (user_id, page, action, fields)
         select user_id, :page, :action, cast(:fields as jsonb) from owner returning id`,
        { formKey, onlyFor, page: form.page, action: form.action, fields: JSON.stringify(form.fields) },
      );
      return result.rows[0]?.id ?? null;
    },

    /** Null: there is none, or it belongs to another user. */
    async find(userId: number, id: string): Promise<KeptForm | null> {
      const result = await db.raw<{ rows: KeptForm[] }>(
        `select id, page, action, fields from kept_form
         where id = :id and user_id = :userId and kept_at > now() - interval '1 day'`,
        { userId, id },
      );
      return result.rows[0] ?? null;
    },

    async remove(userId: number, id: string): Promise<void> {
      await db('kept_form').where({ id, user_id: userId }).delete();
    },
  };
}
