import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { ExecutionContext } from 'ava';

import { Program } from '../helpers/program.ts';
import { freePort } from './place.ts';

/** A real Redis, whose data goes with the test. */
export class RedisServer {
  readonly port: number;
  readonly program: Program;

  private constructor(port: number, program: Program) {
    this.port = port;
    this.program = program;
  }

  static async start(t: ExecutionContext): Promise<RedisServer> {
    const folder = mkdtempSync(join(tmpdir(), 'pants-redis-'));
    t.teardown(() => rmSync(folder, { recursive: true, force: true }));
    for (;;) {
      // To Redis, port 0 means none at all. So another port that is free; if it is taken until
      // Redis listens, another one.
      const port = await freePort();
      const settings = ['--bind', '127.0.0.1', '--dir', folder, '--save', '', '--daemonize', 'no'];
      const program = new Program(t, 'redis-server', '--port', port, ...settings);
      const [line] = await program.prints(/Ready to accept connections|Address already in use/);
      if (line.startsWith('Ready')) return new RedisServer(port, program);
    }
  }
}
