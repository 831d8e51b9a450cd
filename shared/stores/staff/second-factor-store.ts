import type { Db } from '../../db/database';

/** The second factor of a user. */
export interface SecondFactor {
  /** The sealed secret. Null: there is none. */
  readonly secret: string | null;
  /** Sealed. It was shown to the user, who has not yet entered a code of it. */
  readonly pending: string | null;
  readonly since: Date | null;
  readonly recoveryCodesLeft: number;
}

interface Row {
  totp_secret: string | null;
  totp_pending: string | null;
  totp_since: Date | null;
  codes: number;
}

export type SecondFactorStore = ReturnType<typeof createSecondFactorStore>;

/** Second factors of staff, and the codes that stand in for them. Secrets come sealed and are returned sealed. */
export function createSecondFactorStore(db: Db) {
  return {
    /** Null: there is no such user. */
    async find(userId: number): Promise<SecondFactor | null> {
      const result = await db.raw<{ rows: Row[] }>(
        `select totp_secret, totp_pending, totp_since,
           (select count(*) from recovery_code c where c.user_id = u.id)::int as codes
         from app_user u where u.id = ?`,
        [userId],
      );
      const row = result.rows[0];
      return row === undefined ? null : factorFrom(row);
    },

    async setPending(userId: number, secret: string): Promise<void> {
      await db('app_user').where({ id: userId }).update({ totp_pending: secret });
    },

    /** Makes the pending secret the active one. False: another secret, or none, is pending. */
    async activate(userId: number, pending: string, step: number): Promise<boolean> {
      const changed = await db('app_user').where({ id: userId, totp_pending: pending }).update({
        totp_secret: pending,
        totp_pending: null,
        totp_since: db.fn.now(),
        totp_last_step: step,
      });
      return changed === 1;
    },

    /** False: there was none. */
    async remove(userId: number): Promise<boolean> {
      await db('recovery_code').where({ user_id: userId }).delete();
      const changed = await db('app_user')
        .where({ id: userId })
        .whereNotNull('totp_secret')
        .update({ totp_secret: null, totp_pending: null, totp_since: null, totp_last_step: 0 });
      return changed === 1;
    },

    /**
     * Uses up the code of a time step, so that only one of two simultaneous attempts succeeds. False: this step or a
     * later one has been used.
     */
    async useStep(userId: number, step: number): Promise<boolean> {
      const changed = await db('app_user')
        .where({ id: userId })
        .where('totp_last_step', '<', step)
        .update({ totp_last_step: step });
      return changed === 1;
    },

    /** Replaces the previous codes. */
    async replaceRecoveryCodes(userId: number, codes: readonly Buffer[]): Promise<void> {
      await db('recovery_code').where({ user_id: userId }).delete();
      await db('recovery_code').insert(codes.map((code) => ({ user_id: userId, code_sha256: code })));
    },

    /** Each code works once. False: there is no such code. */
    async useRecoveryCode(userId: number, code: Buffer): Promise<boolean> {
      return (await db('recovery_code').where({ user_id: userId, code_sha256: code }).delete()) === 1;
    },
  };
}

const factorFrom = (row: Row): SecondFactor => ({
  secret: row.totp_secret,
  pending: row.totp_pending,
  since: row.totp_since,
  recoveryCodesLeft: row.codes,
});
