// A real OpenID provider (oidc-provider), as a process of its own: it is an ES module. Whoever it is told of may sign
// in with any password, and consents to everything. Started by identity-provider.ts.

const { clockOffsetSeconds, port, redirectUri, people } = JSON.parse(process.argv[2]);
const realNow = Date.now;
Date.now = () => realNow() + clockOffsetSeconds * 1000;

const { Provider } = await import('oidc-provider');
const known = new Map(Object.entries(people));

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: 'epack',
      client_secret: 'a secret of the client, long enough',
      redirect_uris: [redirectUri],
      response_types: ['code'],
      grant_types: ['authorization_code'],
    },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], groups: ['groups', 'kitchens'] },
  scopes: ['openid', 'email', 'groups'],
  pkce: { required: () => true },
  cookies: { keys: ['only for tests'] },
  ttl: { AccessToken: 3600, IdToken: 3600, Interaction: 600, Session: 600, Grant: 600 },
  findAccount: (_context, sub) =>
    known.has(sub) ? { accountId: sub, claims: () => ({ sub, ...known.get(sub) }) } : undefined,
  // Nobody is asked for consent: this is the provider of one's own company.
  async loadExistingGrant(context) {
    const { client, session, provider: own } = context.oidc;
    const grant = new own.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email groups');
    await grant.save();
    return grant;
  },
});

provider.listen(port, '127.0.0.1', () => process.send('ready'));
