// The site: `npm run docs` builds it, into docs/.vitepress/dist.

import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { instance } from '@viz-js/viz';
import { defineConfig } from 'vitepress';

const viz = await instance();

/** Pictures are drawn in the colours of the page, light or dark. */
function draw(dot: string): string {
  const svg = viz.renderString(dot, {
    format: 'svg',
    graphAttributes: {
      bgcolor: 'transparent',
      rankdir: 'LR',
      nodesep: 0.25,
      ranksep: 0.35,
      fontname: 'Helvetica',
      fontsize: 12,
      fontcolor: '#010101',
      color: '#010101',
      style: 'rounded,dashed',
    },
    nodeAttributes: {
      shape: 'box',
      style: 'rounded',
      color: '#010101',
      fontcolor: '#010101',
      fontname: 'Helvetica',
      fontsize: 12,
      margin: '0.2,0.08',
    },
    edgeAttributes: {
      color: '#010101',
      fontcolor: '#010101',
      fontname: 'Helvetica',
      fontsize: 11,
      arrowsize: 0.7,
    },
  });
  const inline = svg
    .slice(svg.indexOf('<svg'))
    .replaceAll('#010101', 'currentColor')
    .replaceAll('Helvetica,sans-Serif', 'var(--vp-font-family-base)');
  return `<figure class="drawing">${inline}</figure>\n`;
}

/** What tests add to a code block stands in comments, which readers need not see. */
function withoutTests(markdown: string): string {
  return markdown.replace(/<!-- test[\s\S]*?-->\n?/g, '');
}

/** Programs that a page shows stand in files of their own. */
function withPrograms(markdown: string, folder: string): string {
  const included = /^<<< (.+)$/gm;
  return markdown.replace(included, (_, path) => `\`\`\`ts\n${readFileSync(join(folder, path), 'utf8')}\`\`\``);
}

export default defineConfig({
  title: 'pants-native',
  description: 'Channels over non-blocking sockets for Node.js, on a Rust reactor',
  lang: 'en',
  cleanUrls: true,
  // Files of the repository that are no pages.
  ignoreDeadLinks: [/^\.\/\.\.\//],
  markdown: {
    config(md) {
      const fence = md.renderer.rules.fence;
      md.renderer.rules.fence = (tokens, index, ...rest) => {
        const token = tokens[index];
        if (token?.info === 'dot') return draw(token.content);
        return fence?.(tokens, index, ...rest) ?? '';
      };
      const block = md.renderer.rules.html_block;
      md.renderer.rules.html_block = (tokens, index, ...rest) =>
        tokens[index]?.content.startsWith('<!-- test') ? '' : (block?.(tokens, index, ...rest) ?? '');
    },
  },
  /** Each page is there as Markdown, too: `guide/hooks` as `guide/hooks.md`. */
  buildEnd({ srcDir, outDir, pages }) {
    for (const page of pages) {
      const to = join(outDir, page);
      mkdirSync(dirname(to), { recursive: true });
      const from = join(srcDir, page);
      const markdown = readFileSync(from, 'utf8');
      writeFileSync(to, withPrograms(withoutTests(markdown), dirname(from)));
    }
    cpSync(join(srcDir, '../index.d.ts'), join(outDir, 'index.d.ts'));
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/guide/channels' },
      { text: 'Recipes', link: '/recipes/' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar: {
      '/reference/': [
        { text: 'All types', link: '/reference/' },
        {
          text: 'Classes',
          items: [
            'Channel',
            'Stream',
            'Client',
            'Connection',
            'UnixClient',
            'UnixConnection',
            'StreamServer',
            'Server',
            'UnixServer',
            'Datagram',
            'Engine',
          ].map((name) => ({ text: name, link: `/reference/classes/${name}` })),
        },
        { text: 'Error codes', link: '/errors' },
      ],
      '/': [
        { text: 'What it is', link: '/' },
        {
          text: 'Guide',
          items: [
            { text: 'Channels', link: '/guide/channels' },
            { text: 'Hooks', link: '/guide/hooks' },
            { text: 'Delimiters', link: '/guide/delimiters' },
            { text: 'Writing and back-pressure', link: '/guide/writing' },
            { text: 'Ending well', link: '/guide/ending' },
            { text: 'Promises and loops', link: '/guide/promises' },
            { text: 'Datagrams', link: '/guide/datagrams' },
            { text: 'Unix sockets', link: '/guide/unix' },
            { text: 'Files', link: '/guide/files' },
            { text: 'Errors', link: '/guide/errors' },
            { text: 'What runs on which thread', link: '/guide/threads' },
            { text: 'Tuning', link: '/guide/tuning' },
            { text: 'Deploying', link: '/guide/deploying' },
          ],
        },
        { text: 'Recipes', link: '/recipes/' },
        {
          text: 'Coming from',
          items: [
            { text: 'Pants for Python', link: '/from/pants' },
            { text: 'node:net and node:dgram', link: '/from/node' },
            { text: "Bun's sockets", link: '/from/bun' },
          ],
        },
        { text: 'Error codes', link: '/errors' },
        { text: 'Limits and non-goals', link: '/limits' },
        { text: 'Benchmarks', link: '/benchmarks' },
        {
          text: 'For contributors',
          items: [
            { text: 'Inside the package', link: '/internals' },
            { text: 'The contract and its tests', link: '/contract' },
          ],
        },
      ],
    },
  },
});
