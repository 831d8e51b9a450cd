import type { Db } from '../../db/database';

/** A sign-in in progress at the identity provider. */
export interface OidcAttempt {
  readonly nonce: string;
  readonly codeVerifier: string;
  /** A path of ours. */
  readonly returnTo: string;
}

export type OidcStore = ReturnType<typeof createOidcStore>;

/** Sign-ins in progress, and the user of each subject of an identity provider. */
export function createOidcStore(db: Db) {
  return {
    /** Also deletes expired ones. */
    async insertAttempt(stateSha256: Buffer, attempt: OidcAttempt, seconds: number): Promise<void> {
      await db('oidc_attempt').whereRaw('expires_at < now()').delete();
      await db('oidc_attempt').insert({
        state_sha256: stateSha256,
        nonce: attempt.nonce,
        code_verifier: attempt.codeVerifier,
        return_to: attempt.returnTo,
        expires_at: db.raw('now() + make_interval(secs => ?)', [seconds]),
      });
    },

    /**
     * Removes and returns it, so that only one of two simultaneous answers gets it. Null: it does not exist (any more).
     */
    async takeAttempt(stateSha256: Buffer): Promise<OidcAttempt | null> {
      const result = await db.raw<{ rows: (OidcAttempt & { isOver: boolean })[] }>(
        `delete from oidc_attempt where state_sha256 = ?
         returning nonce, code_verifier as "codeVerifier", return_to as "returnTo", expires_at < now() as "isOver"`,
        [stateSha256],
      );
      const row = result.rows[0];
      if (row === undefined || row.isOver) return null;
      return { nonce: row.nonce, codeVerifier: row.codeVerifier, returnTo: row.returnTo };
    },

    /** The user that signs in as this subject. Null: nobody does yet. */
    async findUserId(issuer: string, subject: string): Promise<number | null> {
      const row = await db('user_identity')
        .where({ issuer, subject })
        .first<{ user_id: number } | undefined>('user_id');
      return row?.user_id ?? null;
    },

    /** False: the user is already linked to another subject of that issuer. */
    async link(issuer: string, subject: string, userId: number): Promise<boolean> {
      const linked = await db('user_identity')
        .insert({ issuer, subject, user_id: userId })
        .onConflict()
        .ignore()
        .returning('user_id');
      return linked.length === 1;
    },

    /** Returns how many there were. */
    unlink: (userId: number): Promise<number> => db('user_identity').where({ user_id: userId }).delete(),
  };
}
