import type { ExecutionContext } from 'ava';

import { Example } from '../helpers/example.ts';
import { Program, peerTest } from '../helpers/program.ts';

// dig itself checks that an answer has the id and the question of its query, and comes from where
// it was sent to.

peerTest('dig asks over UDP, and is told what there is', async (t) => {
  const server = await start(t);
  t.is(await server.dig('+short', 'one.example', 'A'), '192.0.2.1\n');
  t.is(await server.dig('+short', 'TWO.example.', 'A'), '192.0.2.1\n192.0.2.2\n');
  t.is(await server.dig('+short', 'two.example', 'AAAA'), '2001:db8::2\n');
  t.is(await server.dig('+short', 'greeting.example', 'TXT'), '"Hello, world!"\n');

  const whole = await server.dig('one.example', 'A');
  t.regex(whole, /status: NOERROR/);
  t.regex(whole, /flags: qr aa rd; QUERY: 1, ANSWER: 1, AUTHORITY: 0/);
  t.regex(whole, /^one\.example\.\s+60\s+IN\s+A\s+192\.0\.2\.1$/m);
  t.regex(whole, /\(UDP\)$/m);
  t.regex(await server.dig('nothing.example', 'A'), /status: NXDOMAIN/);
  t.regex(await server.dig('greeting.example', 'A'), /status: NOERROR[\s\S]*ANSWER: 0/);
  t.regex(await server.dig('+opcode=2', 'one.example', 'A'), /status: NOTIMP/);
});

peerTest('dig asks over TCP for what is too long for a datagram', async (t) => {
  const server = await start(t);
  const cut = await server.dig('+ignore', 'large.example', 'TXT');
  t.regex(cut, /flags: qr aa tc rd; QUERY: 1, ANSWER: 0/);
  const texts = Array.from({ length: 50 }, (_, n) => `"${n}:${'x'.repeat(100)}"\n`);
  t.is(await server.dig('+short', 'large.example', 'TXT'), texts.join(''));
});

peerTest('dig asks several questions on one TCP connection', async (t) => {
  const server = await start(t);
  const output = await server.dig(
    ...['+short', '+tcp', '+keepopen', 'one.example', 'A'],
    ...['+short', '+tcp', '+keepopen', 'two.example', 'AAAA'],
    ...['+short', '+tcp', '+keepopen', 'greeting.example', 'TXT'],
  );
  t.is(output, '192.0.2.1\n2001:db8::2\n"Hello, world!"\n');
});

peerTest('dig asks 500 questions, from as many ports', async (t) => {
  const server = await start(t);
  const names = ['one', 'two', 'greeting'];
  const questions = Array.from({ length: 500 }, (_, n) => `${names[n % 3]}.example ANY +notcp`);
  const answers = ['192.0.2.1\n', '192.0.2.1\n192.0.2.2\n2001:db8::2\n', '"Hello, world!"\n'];
  const expected = questions.map((_, n) => answers[n % 3]).join('');
  t.is(await server.ask(`${questions.join('\n')}\n`, '+short', '-f', '-'), expected);
});

async function start(t: ExecutionContext) {
  const port = await new Example(t, 'dns', 0).port();
  // One query, and time enough on a busy machine: what is lost is not asked for again.
  const options = ['@127.0.0.1', '-p', port, '+tries=1', '+time=30', '-r'];
  const ask = async (input: string, ...args: string[]) => {
    const { code, stdout, stderr } = await Program.run(t, 'dig', [...options, ...args], input);
    t.is(code, 0, stderr);
    return stdout.toString();
  };
  return { ask, dig: (...args: string[]) => ask('', ...args) };
}
