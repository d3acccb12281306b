import { load } from '../conformance/load.ts';
import { Program, peerTest } from '../helpers/program.ts';
import { Scene } from '../helpers/scene.ts';

/** Of all byte values, and more than the sockets' buffers hold. */
const LARGE = Buffer.from(
  Uint32Array.from({ length: 2 ** 21 }, (_, n) => n * 2_654_435_761).buffer,
);

for (const [host, family] of [
  ['127.0.0.1', 'TCP4'],
  ['[::1]', 'TCP6'],
] as const) {
  peerTest(`socat ${family}: 8 MiB come back from a server`, async (t) => {
    const scene = new Scene(t, await load('native'));
    const { server, accepted } = scene.server(
      {},
      (channel) => ({
        onRead(data) {
          if (!channel.write(data)) channel.pause();
        },
        onWrite() {
          channel.resume();
        },
      }),
      { host: host.replace(/[[\]]/g, '') },
    );
    // With -t, it waits as long for the rest after its own end: longer than any test lasts.
    const { code, stdout, stderr } = await Program.run(
      t,
      'socat',
      ['-t', 600, '-', `${family}:${host}:${server.localAddr?.port}`],
      LARGE,
    );
    t.is(code, 0, stderr);
    t.is(Buffer.compare(stdout, LARGE), 0, `${stdout.length} bytes`);
    const { log } = await accepted(0);
    t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
  });
}

peerTest('socat TCP: tr answers a client, whose end it waits for', async (t) => {
  const socat = new Program(
    t,
    'socat',
    ...['-d', '-d', '-t', 600, 'TCP4-LISTEN:0,bind=127.0.0.1', 'EXEC:tr a-z A-Z'],
  );
  const [, port] = await socat.prints(/listening on AF=2 127\.0\.0\.1:(\d+)/);
  const scene = new Scene(t, await load('native'));
  const { channel, log } = scene.client({ readDelimiter: '\n' });
  channel.connect('127.0.0.1', Number(port));
  channel.write('one\ntwo');
  channel.write('\nthr');
  // Into a pipe, tr answers when it has seen the end: this half must end for the other to begin.
  channel.shutdown();
  t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
  t.deepEqual(log.order, ['connect', 'read ONE', 'read TWO', 'end THR', 'close end']);
  const { code, stderr } = await socat.ended;
  t.is(code, 0, stderr);
});

peerTest('socat TCP: a client sends 8 MiB to a program that reads slowly', async (t) => {
  const socat = new Program(
    t,
    'socat',
    ...['-d', '-d', '-u', '-b', 4096, 'TCP4-LISTEN:0,bind=127.0.0.1,rcvbuf=4096', '-'],
  );
  const [, port] = await socat.prints(/listening on AF=2 127\.0\.0\.1:(\d+)/);
  const scene = new Scene(t, await load('native'));
  const { channel, log } = scene.client({}, (channel) => ({
    onWrite() {
      channel.end();
    },
  }));
  channel.connect('127.0.0.1', Number(port));
  for (let at = 0; at < LARGE.length; at += 10_000) channel.write(LARGE.subarray(at, at + 10_000));
  const { code, stdout, stderr } = await socat.ended;
  t.is(code, 0, stderr);
  t.is(Buffer.compare(stdout, LARGE), 0, `${stdout.length} bytes`);
  t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
});

peerTest('socat TCP: a peer that is killed, and whose socket resets', async (t) => {
  const scene = new Scene(t, await load('native'));
  const { server, accepted } = scene.server({ readDelimiter: '\n' });
  const { port } = server.localAddr ?? {};
  // Its socket's time to linger is none: the operating system does not send FIN for it.
  const socat = new Program(t, 'socat', '-', `TCP4:127.0.0.1:${port},linger=0`);
  socat.write('one\ntwo\nthr');
  const { log } = await accepted(0);
  await log.frames(2);
  socat.kill('SIGKILL');
  t.is((await log.closed()).reason, 'error');
  t.deepEqual(log.order, ['connect', 'read one', 'read two', 'error ECONNRESET', 'close error']);
});
