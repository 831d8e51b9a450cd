import type { RequestHandler } from 'express';
import { isByTls } from './transport';

/**
 * Limits what a browser may do with our responses: it loads from this server only, runs no inline script or style,
 * shows no page in a frame, and guesses no type. Every response has these headers, even for programs, because an error
 * page is a page.
 *
 * Only the status poll is served before this; it is one digit, as JSON, behind a bearer token.
 */
export const securityHeaders: RequestHandler = (request, response, next) => {
  for (const [name, value] of always) response.setHeader(name, value);
  // Browsers ignore it over plain http. It is also sent if a trusted proxy reports TLS.
  if (isByTls(request)) response.setHeader('Strict-Transport-Security', 'max-age=31536000');
  next();
};

const contentSecurityPolicy = [
  "default-src 'self'",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const always = Object.entries({
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  // With `no-referrer`, browsers would send `Origin: null` with our own forms.
  'Referrer-Policy': 'same-origin',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
});
