import { fileURLToPath } from 'node:url';

import { Example } from '../helpers/example.ts';
import { Program, peerTest } from '../helpers/program.ts';

const script = fileURLToPath(new URL('pipeline.lua', import.meta.url));

for (const batch of [1, 16]) {
  peerTest(`wrk, ${batch} requests in flight on a connection, checks each response`, async (t) => {
    const port = await new Example(t, 'http', 0).port();
    const { code, stdout, stderr } = await Program.run(t, 'wrk', [
      ...['--threads', 4, '--connections', 4, '--duration', '1s', '--timeout', '30s'],
      ...['--script', script],
      ...[`http://127.0.0.1:${port}/`, '--', batch],
    ]);
    t.is(code, 0, stderr);
    const report = stdout.toString();
    const [, right] = /^checked: (\d+) right, 0 wrong$/m.exec(report) ?? [];
    t.true(Number(right) >= 4 * batch, report);
    t.regex(report, /^errors: connect 0, read 0, write 0, status 0, timeout 0$/m);
  });
}

peerTest('wrk, 100 connections, closes them in the midst of it all', async (t) => {
  const example = new Example(t, 'http', 0);
  const port = await example.port();
  const url = `http://127.0.0.1:${port}/`;
  for (const round of ['first', 'second']) {
    const { stdout } = await Program.run(t, 'wrk', [
      ...['-t', 2, '-c', 100, '-d', '1s', '--timeout', '30s', url],
    ]);
    const report = stdout.toString();
    t.regex(report, /^ {2}[1-9]\d* requests in /m, round);
    t.notRegex(report, /Non-2xx|Socket errors/, round);
  }
  example.process.kill('SIGKILL');
  await example.end();
  t.is(example.errors, '');
});
