import type { Request } from 'express';

/** Setting of the app: people reach the server only by https (EPACK_PUBLIC_URL), whatever protocol a proxy uses. */
export const publicTlsSetting = 'epack public tls';

/** True if people only come by https. Cookies and headers depend on it. */
export const isTlsOnly = ({ app }: Pick<Request, 'app'>): boolean => app.get(publicTlsSetting) === true;

/** True if the request came by https, as far as the server knows. */
export const isByTls = (request: Request): boolean => request.secure || isTlsOnly(request);
