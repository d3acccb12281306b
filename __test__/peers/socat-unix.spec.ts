import { existsSync } from 'node:fs';

import { type CloseInfo, UnixClient, UnixConnection, UnixServer } from 'pants-native';

import { Program, peerTest } from '../helpers/program.ts';
import { place } from './place.ts';

/** Of all byte values, and more than the sockets' buffers hold. */
const LARGE = Buffer.from(
  Uint32Array.from({ length: 2 ** 21 }, (_, n) => n * 2_654_435_761).buffer,
);

const inOrder = { reason: 'end', unsentBytes: 0 };

for (const kind of ['UNIX', 'ABSTRACT']) {
  peerTest(`socat ${kind}: 8 MiB come back from a server`, async (t) => {
    const infos: CloseInfo[] = [];
    class Echo extends UnixConnection {
      override onRead(data: Buffer): void {
        if (!this.write(data)) this.pause();
      }
      override onWrite(): void {
        this.resume();
      }
      override onClose(info: CloseInfo): void {
        infos.push(info);
      }
    }
    const { path, name } = place(t, kind);
    const server = new UnixServer(Echo).listen(path);
    t.teardown(() => server.close());

    // With -t, it waits as long for the rest after its own end: longer than any test lasts.
    const args = ['-t', 600, '-', `${kind}-CONNECT:${name}`];
    const { code, stdout, stderr } = await Program.run(t, 'socat', args, LARGE);
    t.is(code, 0, stderr);
    t.is(Buffer.compare(stdout, LARGE), 0, `${stdout.length} bytes`);
    await server.end();
    t.deepEqual(infos, [inOrder]);
    t.false(existsSync(path.replace('\0', '@')));
  });

  peerTest(`socat ${kind}: tr answers a client, whose end it waits for`, async (t) => {
    const { path, name } = place(t, kind);
    const listen = `${kind}-LISTEN:${name}`;
    const socat = new Program(t, 'socat', '-d', '-d', '-t', 600, listen, 'EXEC:tr a-z A-Z');
    await socat.prints(/listening on AF=1/);

    const frames: string[] = [];
    class Asking extends UnixClient {
      override readDelimiter = '\n';
      override onRead(line: Buffer): void {
        frames.push(line.toString());
      }
      override onEnd(rest: Buffer): void {
        frames.push(`end ${rest}`);
      }
    }
    const client = new Asking().connect(path);
    t.teardown(() => client.close());
    const closed = new Promise<CloseInfo>((resolve) => {
      client.onClose = resolve;
    });
    client.write('one\ntwo\nthr');
    client.shutdown();
    t.deepEqual(await closed, inOrder);
    t.deepEqual(frames, ['ONE', 'TWO', 'end THR']);
    const { code, stderr } = await socat.ended;
    t.is(code, 0, stderr);
  });
}

peerTest(
  'socat UNIX: a server that was killed leaves a file, which the next one replaces',
  async (t) => {
    const { path, name } = place(t, 'UNIX');
    const socat = new Program(t, 'socat', '-d', '-d', `UNIX-LISTEN:${name},fork`, 'PIPE');
    await socat.prints(/listening on AF=1/);
    t.throws(() => new UnixServer().listen(path), { code: 'EADDRINUSE' });

    socat.kill('SIGKILL');
    await socat.ended;
    t.true(existsSync(path));
    const server = new UnixServer().listen(path);
    t.teardown(() => server.close());
    const { code, stderr } = await Program.run(t, 'socat', ['-', `UNIX-CONNECT:${name}`]);
    t.is(code, 0, stderr);
    await server.end();
    t.false(existsSync(path));
  },
);
