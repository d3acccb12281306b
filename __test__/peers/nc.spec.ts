import { load } from '../conformance/load.ts';
import { Program, peerTest } from '../helpers/program.ts';
import { Scene } from '../helpers/scene.ts';

/** More than the sockets' buffers hold. */
const LARGE = Buffer.alloc(8 * 1024 * 1024, '.');

for (const allowHalfOpen of [false, true]) {
  const title = allowHalfOpen ? ', with allowHalfOpen at leisure' : '';
  peerTest(`nc -N: what it sent last arrives, and it is answered after that${title}`, async (t) => {
    const scene = new Scene(t, await load('native'));
    const options = { allowHalfOpen, readDelimiter: '\n' };
    const { server, accepted } = scene.server(options, (channel) => ({
      onEnd(rest) {
        const answer = () => {
          channel.write(`the rest is '${rest}'\n`);
          channel.write(LARGE);
          if (allowHalfOpen) channel.end();
        };
        if (allowHalfOpen) setImmediate(answer);
        else answer();
      },
    }));

    const lines = Array.from({ length: 10_000 }, (_, n) => `line ${n}`);
    const input = `${lines.join('\n')}\nno line feed`;
    const { port } = server.localAddr ?? {};
    const nc = await Program.run(t, 'nc', ['-N', '127.0.0.1', Number(port)], input);
    t.is(nc.code, 0, nc.stderr);
    const expected = Buffer.concat([Buffer.from("the rest is 'no line feed'\n"), LARGE]);
    t.is(Buffer.compare(nc.stdout, expected), 0, `${nc.stdout.length} bytes`);
    const { log } = await accepted(0);
    t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
    t.deepEqual(log.reads, lines);
  });
}

peerTest('nc -l -N: a client answers after the end', async (t) => {
  const nc = new Program(t, 'nc', '-l', '-v', '-N', '127.0.0.1', 0);
  const [, port] = await nc.prints(/^Listening on .* (\d+)$/m);
  const scene = new Scene(t, await load('native'));
  const options = { allowHalfOpen: true, readDelimiter: '\n' };
  const { channel, log } = scene.client(options, (channel) => ({
    onEnd() {
      channel.write(LARGE);
      channel.shutdown();
    },
  }));
  channel.connect('127.0.0.1', Number(port));
  channel.write('first\n');

  await nc.prints(/first/);
  nc.end('one\ntwo\nthr');
  const { code, stdout, stderr } = await nc.ended;
  t.is(code, 0, stderr);
  t.is(Buffer.compare(stdout, Buffer.concat([Buffer.from('first\n'), LARGE])), 0);
  t.deepEqual(await log.closed(), { reason: 'end', unsentBytes: 0 });
  t.deepEqual(log.order, ['connect', 'read one', 'read two', 'end thr', 'close end']);
});
