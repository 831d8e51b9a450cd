import type { Db } from '../../db/database';
import type { Seal } from '../../seal/seal';

/** What is known of a user's second factor. */
export interface SecondFactor {
  /** In base32; null: there is none. */
  readonly secret: string | null;
  /** Shown to its owner, and not yet proved. */
  readonly pending: PendingSecret | null;
  readonly since: Date | null;
  readonly recoveryCodesLeft: number;
}

/** `kept`: as it stands in the database, sealed where there is a key. */
export interface PendingSecret {
  readonly secret: string;
  readonly kept: string;
}

interface Row {
  totp_secret: string | null;
  totp_pending: string | null;
  totp_since: Date | null;
  codes: number;
}

export type SecondFactorStore = ReturnType<typeof createSecondFactorStore>;

/** Second factors of staff, and the codes that stand in for them. In the database the secrets are sealed. */
export function createSecondFactorStore(db: Db, seal: Pick<Seal, 'seal' | 'open'>) {
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
      return row === undefined ? null : factorFrom(row, seal);
    },

    async setPending(userId: number, secret: string): Promise<void> {
      await db('app_user')
        .where({ id: userId })
        .update({ totp_pending: seal.seal(secret, 'second-factor') });
    },

    /** The pending secret is the one from now on. False: another one, or none, is pending. */
    async activate(userId: number, { kept }: PendingSecret, step: number): Promise<boolean> {
      const changed = await db('app_user').where({ id: userId, totp_pending: kept }).update({
        totp_secret: kept,
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

    /** Takes the code of a step, of two that come at once from one alone. False: it has been used, or a later one has. */
    async useStep(userId: number, step: number): Promise<boolean> {
      const changed = await db('app_user')
        .where({ id: userId })
        .where('totp_last_step', '<', step)
        .update({ totp_last_step: step });
      return changed === 1;
    },

    /** In place of those that there were. */
    async replaceRecoveryCodes(userId: number, codes: readonly Buffer[]): Promise<void> {
      await db('recovery_code').where({ user_id: userId }).delete();
      await db('recovery_code').insert(codes.map((code) => ({ user_id: userId, code_sha256: code })));
    },

    /** Each counts once. False: there is no such code. */
    async useRecoveryCode(userId: number, code: Buffer): Promise<boolean> {
      return (await db('recovery_code').where({ user_id: userId, code_sha256: code }).delete()) === 1;
    },
  };
}

function factorFrom(row: Row, seal: Pick<Seal, 'open'>): SecondFactor {
  const opened = (kept: string) => seal.open(kept, 'second-factor');
  const { totp_secret: kept, totp_pending: pending } = row;
  return {
    secret: kept === null ? null : opened(kept),
    pending: pending === null ? null : { secret: opened(pending), kept: pending },
    since: row.totp_since,
    recoveryCodesLeft: row.codes,
  };
}
