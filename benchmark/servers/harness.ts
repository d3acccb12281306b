// What every server does besides serving: it says where it listens, answers questions on its
// standard input, and ends with it. None of that costs anything while it is measured.
// Node, Bun and Deno all run this file.

import type { AddressInfo } from 'node:net';
import process from 'node:process';
import { createInterface } from 'node:readline';

/** The path of the Unix socket to listen on; null: TCP. */
export const unixPath: string | null = process.argv[2] || null;

/** What `listen()` of `node:net` is given. */
export const endpoint: { path: string } | { host: string; port: number; backlog: number } =
  unixPath === null ? { host: '127.0.0.1', port: 0, backlog: 1024 } : { path: unixPath };

/** To be called once the server listens. `state` answers the question for it. */
export function announce(
  address: Pick<AddressInfo, 'address' | 'port'> | string | null,
  state: () => unknown = () => null,
): void {
  if (address === null) throw new Error('the server does not listen');
  const text =
    typeof address === 'string' ? `unix:${address}` : `${address.address}:${address.port}`;
  console.log(`listening on ${text}`);
  const questions = createInterface({ input: process.stdin });
  questions.on('line', () => console.log(JSON.stringify(state())));
  // The benchmark is done, or gone.
  questions.on('close', () => process.exit());
}
