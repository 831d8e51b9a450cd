import type { Request } from 'express';

/** Setting of the app: people reach the server by https alone (EPACK_PUBLIC_URL), whatever a proxy speaks to us. */
export const publicTlsSetting = 'epack public tls';

/** True where people come by https alone: cookies and browsers are told so. */
export const isTlsOnly = ({ app }: Pick<Request, 'app'>): boolean => app.get(publicTlsSetting) === true;

/** True of a request that came by https, as far as we know. */
export const isByTls = (request: Request): boolean => request.secure || isTlsOnly(request);
