import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { Program } from '../helpers/program.ts';
import { freePort } from './place.ts';

/** A real PostgreSQL, whose data goes with the test. */
export class PostgresServer {
  readonly port: number;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(t: ExecutionContext): Promise<PostgresServer> {
    const folder = mkdtempSync(join(tmpdir(), 'pants-postgres-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    const user = await ownUser(t);
    if (user !== null) chownSync(folder, user.uid, user.gid);
    const data = join(folder, 'data');
    const make = ['--pgdata', data, '--auth', 'trust', '--username', 'pants', '--no-sync'];
    const { code, stderr } = await run(t, user, 'initdb', ...make).ended;
    t.is(code, 0, stderr);
    for (;;) {
      const port = await freePort();
      const settings = ['-D', data, '-h', '127.0.0.1', '-p', port, '-k', folder, '-F'];
      const server = run(t, user, 'postgres', ...settings);
      const [line] = await server.prints(/ready to accept connections|could not bind/);
      if (line.startsWith('ready')) return new PostgresServer(port);
      await server.ended;
    }
  }
}

interface User {
  readonly uid: number;
  readonly gid: number;
}

/** It refuses to run as root. */
async function ownUser(t: ExecutionContext): Promise<User | null> {
  if (process.getuid?.() !== 0) return null;
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (what) => {
      const { stdout, stderr } = await Program.run(t, 'id', [what, 'postgres']);
      t.is(stderr, '');
      return Number(stdout);
    }),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
}

function run(
  t: ExecutionContext,
  user: User | null,
  name: 'initdb' | 'postgres',
  ...args: (string | number)[]
): Program {
  const as = user === null ? [] : ['--reuid', user.uid, '--regid', user.gid, '--clear-groups'];
  // Its own, as one that changes its user outlives its parent again.
  return new Program(t, 'setpriv', ...as, '--pdeathsig', 'KILL', '--', find(name), ...args);
}

/** Debian's are in no PATH. */
function find(name: string): string {
  const base = '/usr/lib/postgresql';
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(base, version, 'bin', name)).find(existsSync);
  return found ?? name;
}
