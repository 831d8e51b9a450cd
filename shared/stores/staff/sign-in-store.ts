import type { Db } from '../../db/database';

export type SignInStore = ReturnType<typeof createSignInStore>;

/** What the sign-in needs besides users and sessions. */
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

    async removePlacesOlderThan(days: number): Promise<void> {
      await db('known_place').whereRaw('seen_at < now() - make_interval(days => ?)', [days]).delete();
    },
  };
}
