import { Router } from 'express';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** The URL of an asset. It contains the hash of the content, so that browsers may cache it for ever. */
export function assetUrl(name: AssetName): string {
  return `/assets/${assets[name].hash}/${name}`;
}

/** Serves what pages load. Nothing is loaded from other servers. */
export function createAssetRoutes(): Router {
  const router = Router();
  router.get('/assets/:hash/:name', async (request, response, next) => {
    const { hash, name } = request.params;
    const found = isAssetName(name) ? assets[name] : null;
    if (found?.hash !== hash) {
      next();
      return;
    }
    response.type(found.contentType);
    response.setHeader('Cache-Control', 'public, max-age=31536000, immutable');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.vary('Accept-Encoding');
    const encoding = request.acceptsEncodings([...encodings]);
    if (encoding === 'br' || encoding === 'gzip') {
      response.setHeader('Content-Encoding', encoding);
      response.send(await found.compressed(encoding));
    } else response.send(found.content);
  });
  return router;
}

/** The one that compresses best is the first. */
const encodings = ['br', 'gzip', 'identity'] as const;

const files = {
  'console.css': path.join(__dirname, 'assets', 'console.css'),
  'console.js': path.join(__dirname, 'assets', 'console.js'),
  'chart.js': path.join(__dirname, 'assets', 'chart.js'),
  'icon.svg': path.join(__dirname, 'assets', 'icon.svg'),
  'htmx.min.js': require.resolve('htmx.org/dist/htmx.min.js'),
  'uPlot.iife.min.js': require.resolve('uplot/dist/uPlot.iife.min.js'),
  'uPlot.min.css': require.resolve('uplot/dist/uPlot.min.css'),
} as const;

type AssetName = keyof typeof files;

interface Asset {
  readonly content: Buffer;
  /** Hex. */
  readonly hash: string;
  readonly contentType: string;
  /** Made at the first request, and kept. */
  compressed(encoding: Compression): Promise<Buffer>;
}

type Compression = Exclude<(typeof encodings)[number], 'identity'>;

/** At the highest level, because it happens once. In a thread of its own, so that nobody waits. */
const compress: Readonly<Record<Compression, (content: Buffer) => Promise<Buffer>>> = {
  br: (content) =>
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_SIZE_HINT]: content.length } }),
  gzip: (content) => promisify(gzip)(content, { level: constants.Z_BEST_COMPRESSION }),
};

const contentTypes: Record<string, string> = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml' };

function assetFrom(name: AssetName): Asset {
  const content = readFileSync(files[name]);
  const made = new Map<Compression, Promise<Buffer>>();
  const hash = createHash('sha256').update(content).digest('hex').slice(0, 16);
  const contentType = contentTypes[path.extname(name).slice(1)] ?? 'text/plain';
  return { content, hash, contentType, compressed };

  function compressed(encoding: Compression): Promise<Buffer> {
    const known = made.get(encoding) ?? compress[encoding](content);
    made.set(encoding, known);
    return known;
  }
}

/** Read once, when the process starts. */
const assets: Readonly<Record<AssetName, Asset>> = {
  'console.css': assetFrom('console.css'),
  'console.js': assetFrom('console.js'),
  'chart.js': assetFrom('chart.js'),
  'icon.svg': assetFrom('icon.svg'),
  'htmx.min.js': assetFrom('htmx.min.js'),
  'uPlot.iife.min.js': assetFrom('uPlot.iife.min.js'),
  'uPlot.min.css': assetFrom('uPlot.min.css'),
};

const isAssetName = (name: string): name is AssetName => Object.hasOwn(files, name);
