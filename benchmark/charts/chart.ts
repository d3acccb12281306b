// The chart of a case: one plot for each of its parts, one below the other.

import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { metrics } from '../metrics.ts';
import type { CaseResult, PartResult } from '../results.ts';

const width = 720;
const title = 44;

// Each has about the same contrast with a white page and with a black one: which of them a reader
// has, an image cannot know for sure.
const text = '#737d88';
const ours = '#2f81f7';
const others = '#8b949e';

interface Bar {
  readonly name: string;
  readonly ours: boolean;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly text: string;
}

/** As the text of an SVG file. */
export function chart(result: CaseResult): string {
  const { machine, description, seconds } = result;
  let height = title;
  const plots: string[] = [];
  for (const part of result.parts) {
    const plot = plotOf(part);
    if (plot === null) continue;
    plots.push(`<g transform="translate(0,${height})">${plot.text}</g>`);
    height += plot.height;
  }
  const rounds = result.parts[0]?.rounds.length ?? 0;
  const runtimes = machine.runtimes.join(', ');
  const foot = `${runtimes}; ${machine.cores} cores, ${machine.kernel}; medians and spread of ${rounds} × ${seconds} s`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height + 24}" viewBox="0 0 ${width} ${height + 24}" font-family="system-ui, sans-serif" color="${text}" fill="currentColor">
<text x="8" y="26" font-size="15" font-weight="600">${escapeText(`${result.case}: ${description}`)}</text>
${plots.join('\n')}
<text x="8" y="${height + 12}" font-size="10" >${escapeText(foot)}</text>
</svg>
`;
}

function plotOf(part: PartResult): { text: string; height: number } | null {
  const { heading, digits } = metrics[part.chart];
  const bars = part.servers.flatMap(({ name, ours, spreads }): Bar[] => {
    const spread = spreads[part.chart];
    if (spread === null) return [];
    const text = spread.median.toLocaleString('en', { maximumFractionDigits: digits });
    return [{ name, ours, ...spread, text }];
  });
  if (bars.length === 0) return null;
  const { document } = parseHTML('<!doctype html><html><body></body></html>');
  const height = 58 + 22 * bars.length;
  const svg = Plot.plot({
    document,
    width,
    height,
    marginTop: 26,
    marginBottom: 30,
    marginLeft: 160,
    marginRight: 70,
    x: { label: heading(part.unit), grid: true, ticks: 5, zero: true, tickFormat: 's' },
    y: { label: null, domain: bars.map(({ name }) => name), padding: 0.25 },
    marks: [
      Plot.barX(bars, {
        x: 'median',
        y: 'name',
        fill: (bar: Bar) => (bar.ours ? ours : others),
      }),
      Plot.ruleY(bars, {
        x1: 'min',
        x2: 'max',
        y: 'name',
        stroke: 'currentColor',
        strokeWidth: 1.5,
      }),
      Plot.text(bars, {
        x: 'max',
        y: 'name',
        text: 'text',
        dx: 6,
        textAnchor: 'start',
        fill: 'currentColor',
      }),
      Plot.text([part.title], { frameAnchor: 'top-left', dy: -18, fontSize: 12, fontWeight: 600 }),
    ],
  });
  return { text: svg.outerHTML, height };
}

function escapeText(text: string): string {
  return text.replace(/[&<>]/g, (each) => `&#${each.charCodeAt(0)};`);
}
