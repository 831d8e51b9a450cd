import type { VNode } from 'preact';
import { renderToString } from 'preact-render-to-string';

/** A whole page. Every text that was put in is escaped. */
export const renderPage = (page: VNode): string => `<!doctype html>${renderToString(page)}`;
