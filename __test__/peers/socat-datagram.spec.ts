import { type Address, Datagram } from 'pants-native';

import { Program, peerTest } from '../helpers/program.ts';
import { Condition } from '../helpers/wait.ts';
import { place } from './place.ts';

/** Sends each datagram back, and remembers it. */
class Echo extends Datagram<Address | string> {
  readonly data: string[] = [];
  readonly senders = new Set<string>();
  readonly #condition = new Condition(() => this.data);

  override onRead(data: Buffer): void {
    this.data.push(data.toString());
    this.senders.add(JSON.stringify(this.remoteAddr));
    if (data.length > 0) this.write(data);
    this.#condition.changed();
  }

  received(count: number): Promise<void> {
    return this.#condition.until(`${count} datagrams`, () => this.data.length >= count);
  }
}

peerTest('socat UDP: each datagram comes back as it was, and an empty one is one', async (t) => {
  const echo = new Echo().listen(0, '127.0.0.1');
  t.teardown(() => echo.close());
  const { port } = echo.localAddr as Address;
  // It sends what it reads at once as one datagram, and at the end of its input an empty one.
  const socat = new Program(t, 'socat', '-b', 65_536, '-', `UDP4:127.0.0.1:${port},shut-null`);
  let sent = '';
  for (const data of ['one', 'two\n', 'x'.repeat(8000), '3']) {
    socat.write(data);
    sent += data;
    await socat.prints(new RegExp(`^${sent}$`));
  }
  socat.end();
  await echo.received(5);
  t.deepEqual(echo.data, ['one', 'two\n', 'x'.repeat(8000), '3', '']);
  t.is(echo.senders.size, 1);
  const { code, stderr } = await socat.ended;
  t.is(code, 0, stderr);
});

peerTest('socat UDP: sed answers each datagram with another', async (t) => {
  const echo = new Datagram({ readEncoding: 'latin1' });
  const answers: string[] = [];
  const condition = new Condition(() => answers);
  echo.onRead = (text: string) => {
    answers.push(text);
    if (answers.length < 4) echo.write(`question ${answers.length}\n`);
    condition.changed();
  };
  echo.listen(0, '127.0.0.1');
  t.teardown(() => echo.close());
  const { port } = echo.localAddr as Address;
  // It speaks first: nobody can know its port otherwise.
  const answering = 'SYSTEM:echo ready; exec sed -u s/question/answer/';
  new Program(t, 'socat', `UDP4:127.0.0.1:${port}`, answering);
  await condition.until('4 datagrams', () => answers.length >= 4);
  t.deepEqual(answers, ['ready\n', 'answer 1\n', 'answer 2\n', 'answer 3\n']);
});

for (const kind of ['UNIX', 'ABSTRACT']) {
  peerTest(`socat ${kind} datagrams: each comes back to where it came from`, async (t) => {
    const [own, other] = [place(t, kind), place(t, kind)];
    const echo = new Echo({ family: 'unix' }).listen(own.path);
    t.teardown(() => echo.close());
    const to = `${kind}-SENDTO:${own.name},bind=${other.name}`;
    const socat = new Program(t, 'socat', '-b', 65_536, '-', to);
    let sent = '';
    for (const data of ['one', 'two\n', 'x'.repeat(8000), '3']) {
      socat.write(data);
      sent += data;
      await socat.prints(new RegExp(`^${sent}$`));
    }
    t.deepEqual(echo.data, ['one', 'two\n', 'x'.repeat(8000), '3']);
    t.deepEqual([...echo.senders], [JSON.stringify(other.path)]);
  });

  peerTest(`socat ${kind} datagrams: sed answers each with another`, async (t) => {
    const [own, other] = [place(t, kind), place(t, kind)];
    const from = `${kind}-RECVFROM:${other.name},fork`;
    const socat = new Program(t, 'socat', '-d', '-d', from, 'EXEC:sed s/question/answer/');
    await socat.prints(/receiving on AF=1/);

    const answers: string[] = [];
    const condition = new Condition(() => answers);
    class Asking extends Datagram<string> {
      override onRead(data: Buffer): void {
        answers.push(`${this.remoteAddr}: ${data}`);
        condition.changed();
      }
    }
    const asking = new Asking({ family: 'unix' }).listen(own.path);
    t.teardown(() => asking.close());
    for (let n = 1; n <= 3; n += 1) {
      asking.write(`question ${n}\n`, other.path);
      await condition.until(`answer ${n}`, () => answers.length >= n);
    }
    t.deepEqual(
      answers,
      [1, 2, 3].map((n) => `${other.path}: answer ${n}\n`),
    );
  });
}
