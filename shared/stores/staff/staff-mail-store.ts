import type { Db } from '../../db/database';
import type { StaffMailKind } from '../../domain/staff-mail';

/** A mail to someone of the staff about their own account. */
export interface StaffMail {
  readonly id: string;
  readonly to: string;
  readonly kind: StaffMailKind;
  /** Null: the owner of the account. */
  readonly doneBy: string | null;
  readonly occurredAt: Date;
  readonly attempts: number;
}

interface Row {
  id: string;
  email: string;
  kind: StaffMailKind;
  done_by: string | null;
  occurred_at: Date;
  attempts: number;
}

export type StaffMailStore = ReturnType<typeof createStaffMailStore>;

/** The outbox of mails about staff accounts. A row is deleted when its mail was sent or given up. */
export function createStaffMailStore(db: Db) {
  return {
    /** Call it in the transaction of the change that the mail is about. */
    async add(userId: number, kind: StaffMailKind, doneBy: string | null): Promise<void> {
      await db('staff_mail').insert({ user_id: userId, kind, done_by: doneBy });
    },

    /** Takes some due mails, for `leaseSeconds`. */
    async claim(most: number, leaseSeconds: number): Promise<StaffMail[]> {
      const result = await db.raw<{ rows: Row[] }>(
        `update staff_mail m set attempts = attempts + 1, due_at = now() + make_interval(secs => :leaseSeconds)
         from app_user u
         where u.id = m.user_id and m.id in (
           select id from staff_mail where due_at <= now() order by due_at limit :most for update skip locked)
         returning m.id, u.email, m.kind, m.done_by, m.occurred_at, m.attempts`,
        { most, leaseSeconds },
      );
      return result.rows.map((row) => ({
        id: row.id,
        to: row.email,
        kind: row.kind,
        doneBy: row.done_by,
        occurredAt: row.occurred_at,
        attempts: row.attempts,
      }));
    },

    async remove(id: string): Promise<void> {
      await db('staff_mail').where({ id }).delete();
    },

    async retryLater(id: string, seconds: number): Promise<void> {
      await db('staff_mail')
        .where({ id })
        .update({ due_at: db.raw('now() + make_interval(secs => ?)', [seconds]) });
    },
  };
}
