// The Markdown of README and docs, as far as tests need it.

import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../', import.meta.url));

/** A code block, and the comment behind it that a test adds: `<!-- test … -->`. */
const BLOCK = /^```(ts|js)\n([\s\S]*?)^```\n(?:<!-- test\n([\s\S]*?)-->)?/gm;
const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** The files, by their paths from the root. */
export function pages(): string[] {
  const docs = readdirSync(`${ROOT}docs`, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !/^(reference|node_modules|\.vitepress)\//.test(file))
    .map((file) => `docs/${file}`);
  return ['README.md', ...docs].sort();
}

export function textOf(page: string): string {
  return readFileSync(ROOT + page, 'utf8');
}

/** Each block is a program by itself. */
export function programs(page: string): string[] {
  return Array.from(textOf(page).matchAll(BLOCK), ([, , shown = '', added = '']) => shown + added);
}

/** Where a page's links lead, but those out of the project. */
export function links(page: string): string[] {
  const text = textOf(page).replace(/^```[\s\S]*?^```/gm, '');
  return Array.from(text.matchAll(LINK), ([, to = '']) => to).filter((to) => !/^https?:/.test(to));
}
