import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

// The pages of the project, and what can be checked in them.

export const root = path.resolve(__dirname, '../..');

export interface MarkdownPage {
  /** Relative to the project, e.g. `docs/protocol.md`. */
  readonly name: string;
  readonly text: string;
}

export const pageOf = (name: string): MarkdownPage => ({
  name,
  text: readFileSync(path.join(root, name), 'utf8'),
});

/** Those in `docs`, in its folders too, and those beside the README. */
export function allPages(): MarkdownPage[] {
  const inDocs = readdirSync(path.join(root, 'docs'), { recursive: true, encoding: 'utf8' });
  const names = [...readdirSync(root), ...inDocs.map((name) => path.join('docs', name))];
  return names.filter((name) => name.endsWith('.md')).map(pageOf);
}

export interface Fence {
  /** The text after the fence: `sh`, `sh run`, `json`. */
  readonly info: string;
  readonly content: string;
}

export function fencesOf({ text }: MarkdownPage): Fence[] {
  const fences = text.matchAll(/^```([^\n`]*)\n(.*?)^```$/gms);
  return [...fences].map(([, info = '', content = '']) => ({ info: info.trim(), content }));
}

/** Targets of links, without those that lead out of the project. */
export function localLinksOf({ text }: MarkdownPage): string[] {
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
  return targets.filter((target) => !/^[a-z]+:/.test(target));
}

/** As GitHub makes them of headings. */
export function anchorsOf({ text }: MarkdownPage): string[] {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
