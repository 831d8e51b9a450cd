import type { Db } from '../../db/database';

export type SignInStore = ReturnType<typeof createSignInStore>;

/** The data of the sign-in other than users and sessions. */
export function createSignInStore(db: Db) {
  return {
    /** True where that user has signed in from that network within the last months. */
    async isKnownPlace(email: string, network: string): Promise<boolean> {
      const result = await db.raw<{ rows: unknown[] }>(
        `select from known_place p join app_user u on u.id = p.user_id
         where lower(u.email) = lower(:email) and p.network = :network`,
        { email, network },
      );
      return result.rows.length === 1;
    },

    async notePlace(userId: number, network: string): Promise<void> {
      await db.raw(
        `insert into known_place (user_id, network) values (:userId, :network)
         on conflict (user_id, network) do update set seen_at = now()`,
        { userId, network },
      );
    },

    /** Tells whether anyone has signed in with that browser within the last months, and whether that user has. */
    async findBrowser(
      tokenSha256: Buffer,
      email: string,
    ): Promise<{ readonly isKnown: boolean; readonly isOfUser: boolean }> {
      const result = await db.raw<{ rows: { is_known: boolean; is_of_user: boolean }[] }>(
        `select count(*) > 0 as is_known, coalesce(bool_or(lower(u.email) = lower(:email)), false) as is_of_user
         from known_browser b join app_user u on u.id = b.user_id
         where b.token_sha256 = :tokenSha256`,
        { tokenSha256, email },
      );
      const [row] = result.rows;
      return { isKnown: row?.is_known ?? false, isOfUser: row?.is_of_user ?? false };
    },

    async noteBrowser(tokenSha256: Buffer, userId: number): Promise<void> {
      await db.raw(
        `insert into known_browser (token_sha256, user_id) values (:tokenSha256, :userId)
         on conflict (token_sha256, user_id) do update set seen_at = now()`,
        { tokenSha256, userId },
      );
    },

    /** Records that the password was right and that the code is still missing. Also deletes expired steps. */
    async addStep(tokenSha256: Buffer, userId: number, seconds: number): Promise<void> {
      await db('sign_in_step').whereRaw('expires_at < now()').delete();
      await db('sign_in_step').insert({
        token_sha256: tokenSha256,
        user_id: userId,
        expires_at: db.raw('now() + make_interval(secs => ?)', [seconds]),
      });
    },

    /** The user of the step. Null: it does not exist (any more). */
    async findStep(tokenSha256: Buffer): Promise<number | null> {
      const row = await db('sign_in_step')
        .where({ token_sha256: tokenSha256 })
        .whereRaw('expires_at > now()')
        .first<{ user_id: number } | undefined>('user_id');
      return row?.user_id ?? null;
    },

    async removeStep(tokenSha256: Buffer): Promise<void> {
      await db('sign_in_step').where({ token_sha256: tokenSha256 }).delete();
    },

    /** Places and browsers in which nobody has signed in for so long. */
    async removeKnownOlderThan(days: number): Promise<void> {
      for (const table of ['known_place', 'known_browser'])
        await db(table).whereRaw('seen_at < now() - make_interval(days => ?)', [days]).delete();
    },
  };
}
