// The servers that take part in a comparison.

import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Part } from './case.ts';
import { compiled, compileServers } from './compiled.ts';
import type { Options } from './options.ts';
import { findNode, findPeer, type Runtime } from './runtimes.ts';

/** A program that can be started. */
export interface Subject {
  /** What it is called in tables: its id, and the version of Node where there are several. */
  readonly name: string;
  readonly id: string;
  /** Whether it is this package. */
  readonly ours: boolean;
  /** Null: it is compiled. */
  readonly runtime: Runtime | null;
  /** Program and arguments, to listen on TCP (null) or on the Unix socket of this path. */
  readonly command: (path: string | null) => readonly [string, ...string[]];
}

/** Each is a file in a folder of servers/. */
const ids = [
  ...['pants', 'pants-string', 'pants-buffer'],
  ...['node-tuned', 'node-buffer', 'node-plain'],
  ...['bun', 'deno'],
] as const;

/** What the bare echo server in crates/core/examples can do. */
const bare: Readonly<Record<string, 'tcp' | 'udp'>> = {
  lines: 'tcp',
  raw: 'tcp',
  length: 'tcp',
  datagrams: 'udp',
};

export class Subjects {
  readonly #only: readonly string[] | null;
  readonly #runtimes: readonly Runtime[];
  readonly #echo: string;

  private constructor(only: readonly string[] | null, runtimes: readonly Runtime[], echo: string) {
    this.#only = only;
    this.#runtimes = runtimes;
    this.#echo = echo;
  }

  /** `echo` is the bare echo server. */
  static async find(options: Options, echo: string): Promise<Subjects> {
    const known: readonly string[] = [...ids, 'mio'];
    const unknown = options.only?.find((id) => !known.includes(id));
    if (unknown !== undefined) {
      throw new Error(`--only: "${unknown}" is none of ${known.join(', ')}`);
    }
    const nodes = await Promise.all(options.nodes.map(findNode));
    const peers = await Promise.all([findPeer('bun'), findPeer('deno')]);
    if (!nodes.every(runsTypeScript)) await compileServers(ids);
    return new Subjects(options.only, [...nodes, ...peers.filter((peer) => peer !== null)], echo);
  }

  get runtimes(): readonly Runtime[] {
    return this.#runtimes;
  }

  /** Those that can serve it. */
  for(part: Part): readonly Subject[] {
    const subjects: Subject[] = [];
    for (const id of ids.filter((id) => this.#wanted(id))) {
      const file = fileURLToPath(new URL(`servers/${part.program}/${id}.ts`, import.meta.url));
      if (existsSync(file)) subjects.push(...this.#scripts(id, file));
    }
    const protocol = bare[part.program];
    if (protocol !== undefined && this.#wanted('mio')) {
      subjects.push({
        name: 'mio',
        id: 'mio',
        ours: false,
        runtime: null,
        command: (path) => [this.#echo, ...(path === null ? [protocol] : ['unix', path])],
      });
    }
    return subjects;
  }

  #wanted(id: string): boolean {
    return this.#only?.includes(id) ?? true;
  }

  #scripts(id: (typeof ids)[number], file: string): Subject[] {
    const name = id === 'bun' || id === 'deno' ? id : 'node';
    const runtimes = this.#runtimes.filter((runtime) => runtime.name === name);
    return runtimes.map((runtime) => ({
      name: runtimes.length === 1 ? id : `${id} (${runtime.version})`,
      id,
      ours: id.startsWith('pants'),
      runtime,
      command: (path) => [
        runtime.path,
        ...flags(runtime),
        runsTypeScript(runtime) ? file : compiled(file),
        ...(path === null ? [] : [path]),
      ],
    }));
  }
}

function runsTypeScript({ name, version }: Runtime): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return (
    name !== 'node' || major > 23 || (major === 23 && minor >= 6) || (major === 22 && minor >= 18)
  );
}

/** What a runtime needs to run a program that opens sockets. */
function flags({ name }: Runtime): readonly string[] {
  switch (name) {
    case 'node':
      return [];
    case 'bun':
      return ['run'];
    case 'deno':
      return ['run', '--quiet', '--allow-all', '--no-config', '--no-lock', '--unstable-net'];
  }
}
