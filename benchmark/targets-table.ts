// Writes what the results have come to beside each target:  npm run bench:targets [-- --check]
// The table is a part of README.md, between two comments. With --check it is compared instead.

import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { CaseResult, PartResult, ServerResult } from './results.ts';
import { type Spread, spread } from './statistics.ts';
import { isCost, type Target, targets } from './targets.ts';

const readme = fileURLToPath(new URL('README.md', import.meta.url));
const begin = '<!-- begin: npm run bench:targets -->';
const end = '<!-- end -->';

/** Of all targets. */
function table(): string {
  const nodes = [...new Set(targets.flatMap(nodesOf))].sort((a, b) => a - b);
  const heads = [...nodes.map((node) => `Node ${node}`), 'Bun', 'mio'];
  const rows = targets.map((target) => [
    target.name,
    ...nodes.map((node) => cell(target, target.node, ratio(target, target.peer, node))),
    ...(['bun', 'mio'] as const).map((id) => cell(target, target[id], worst(target, id, nodes))),
  ]);
  return [['case', ...heads], ['---', ...heads.map(() => '---')], ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function cell({ metric }: Target, bound: number | null, found: Spread | null): string {
  if (found === null) return '–';
  const { median, min, max } = found;
  const text = `${median.toFixed(2)} (${min.toFixed(2)}..${max.toFixed(2)})`;
  if (bound === null) return text;
  const met = isCost(metric) ? median <= bound : median >= bound;
  const wanted = `${isCost(metric) ? '≤' : '≥'} ${bound}`;
  return met ? `**${text}**, ${wanted}` : `${text}, missed: ${wanted}`;
}

/** On whichever Node this package does worse. */
function worst(target: Target, id: string, nodes: readonly number[]): Spread | null {
  const found = nodes.map((node) => ratio(target, id, node)).filter((one) => one !== null);
  const sign = isCost(target.metric) ? -1 : 1;
  return found.sort((a, b) => sign * (a.median - b.median))[0] ?? null;
}

/** To the peer of this id, where this package runs on this Node: round by round. */
function ratio(target: Target, id: string, node: number): Spread | null {
  const part = partOf(target);
  const ours = part.servers.find((server) => server.id === target.server && major(server) === node);
  const peer = part.servers.find(
    (server) => server.id === id && (id !== target.peer || major(server) === node),
  );
  if (ours === undefined || peer === undefined) return null;
  return spread(
    part.rounds.flatMap((round) => {
      const value = round[ours.name]?.[target.metric];
      const base = round[peer.name]?.[target.metric];
      return value == null || !base ? [] : [value / base];
    }),
  );
}

function nodesOf(target: Target): number[] {
  return partOf(target)
    .servers.filter(({ id }) => id === target.server)
    .map(major);
}

function major({ version }: ServerResult): number {
  return Number.parseInt(version ?? '', 10);
}

function partOf(target: Target): PartResult {
  const part = resultOf(target.case).parts.find(({ title }) => title === target.part);
  if (part === undefined) throw new Error(`${target.case} has no part "${target.part}"`);
  return part;
}

const read = new Map<string, CaseResult>();

function resultOf(name: string): CaseResult {
  const known = read.get(name);
  if (known !== undefined) return known;
  const file = new URL(`results/${name}.json`, import.meta.url);
  const result: CaseResult = JSON.parse(readFileSync(file, 'utf8'));
  read.set(name, result);
  return result;
}

const { check } = parseArgs({ options: { check: { type: 'boolean' } } }).values;
const text = readFileSync(readme, 'utf8');
const [from, to] = [text.indexOf(begin), text.indexOf(end)];
if (from < 0 || to < from) throw new Error(`README.md has no "${begin}" … "${end}"`);
const written = `${text.slice(0, from + begin.length)}\n${table()}\n${text.slice(to)}`;
if (!check) writeFileSync(readme, written);
else if (written !== text) {
  console.error('benchmark/README.md: run `npm run bench:targets` and commit it');
  process.exitCode = 1;
}
