// What takes a stream takes a channel's Duplex: Node's own servers and clients, and those of others.

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect as connectSocket } from 'node:net';
import { join } from 'node:path';
import { connect as connectTls, createServer as createTlsServer, TLSSocket } from 'node:tls';

import type { ExecutionContext } from 'ava';
import { AbstractConnector, Redis } from 'ioredis';
import { type Address, Client, Connection, Server } from 'pants-native';
import pg from 'pg';
import { WebSocket, WebSocketServer } from 'ws';

import { temporaryDirectory } from '../helpers/files.ts';
import { Program, peerTest } from '../helpers/program.ts';
import { PostgresServer } from './postgres-server.ts';
import { RedisServer } from './redis-server.ts';

const MiB = 1024 * 1024;

/** Each connection of it is given to somebody else. */
function serving(t: ExecutionContext, take: (connection: Connection) => void): Address {
  class Handed extends Connection {
    override onConnect(): void {
      take(this);
    }
  }
  // As node:http has its own sockets: a request may end with a FIN.
  const server = new Server(Handed, { allowHalfOpen: true }).listen(0, '127.0.0.1');
  t.teardown(() => server.close());
  return server.localAddr as Address;
}

function http(t: ExecutionContext): string {
  const server = createServer((asked, answer) => {
    let length = 0;
    asked.on('data', (chunk) => {
      length += chunk.length;
    });
    asked.on('end', () => {
      const { url, socket } = asked;
      if (url === '/large') answer.end(Buffer.alloc(16 * MiB, 'x'));
      else answer.end(`${url} ${length} ${socket.remoteAddress}\n`);
    });
  });
  const { port } = serving(t, (connection) => server.emit('connection', connection.toDuplex()));
  return `http://127.0.0.1:${port}`;
}

peerTest('node:http over it, to curl: keep-alive, a large body each way', async (t) => {
  const url = http(t);
  const body = 'a'.repeat(3 * MiB);
  const args = ['-sS', '--fail', '--data-binary', '@-', `${url}/one`];
  const { stdout, stderr } = await Program.run(t, 'curl', args, body);
  t.is(stderr, '');
  t.is(stdout.toString(), `/one ${body.length} 127.0.0.1\n`);
  const several = await Program.run(t, 'curl', ['-sSv', `${url}/a`, `${url}/b`, `${url}/c`]);
  t.is(several.stdout.toString(), '/a 0 127.0.0.1\n/b 0 127.0.0.1\n/c 0 127.0.0.1\n');
  t.is(several.stderr.match(/Re-using existing connection/g)?.length, 2, several.stderr);
  const large = await Program.run(t, 'curl', ['-sS', `${url}/large`]);
  t.is(large.stdout.length, 16 * MiB);
});

peerTest('node:http over it, to wrk', async (t) => {
  const args = ['-t', 1, '-c', 32, '-d', '1s', '--timeout', '30s', `${http(t)}/`];
  const { stdout } = await Program.run(t, 'wrk', args);
  t.regex(stdout.toString(), /^ {2}[1-9]\d* requests in /m);
  t.notRegex(stdout.toString(), /Non-2xx|Socket errors/);
});

peerTest('node:tls over it, to openssl s_client', async (t) => {
  const { key, cert } = await certificate(t);
  const { port } = serving(t, (connection) => {
    const secure = new TLSSocket(connection.toDuplex(), { isServer: true, key, cert });
    secure.on('data', (data) => secure.end(`heard ${data}`));
  });
  const args = ['s_client', '-quiet', '-connect', `127.0.0.1:${port}`];
  const client = new Program(t, 'openssl', ...args);
  client.write('hello\n');
  await client.prints(/heard hello/);
  t.is((await client.ended).stdout.toString(), 'heard hello\n');
});

peerTest('node:tls over it, as a client: tls.connect({ socket })', async (t) => {
  const { key, cert } = await certificate(t);
  const server = createTlsServer({ key, cert, rejectUnauthorized: false }, (socket) => {
    socket.pipe(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as Address;
  const socket = new Client().connect('127.0.0.1', port).toDuplex();
  const secure = connectTls({ socket, ca: cert, servername: 'localhost' });
  await once(secure, 'secureConnect');
  t.true(secure.authorized);
  secure.end(Buffer.alloc(4 * MiB, 'a'));
  let length = 0;
  for await (const chunk of secure) length += chunk.length;
  t.is(length, 4 * MiB);
});

peerTest('pg: a real PostgreSQL', async (t) => {
  const { port } = await PostgresServer.start(t);
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port, user: 'pants', database: 'postgres' },
    keepAlive: true,
    stream: () => new Client().toDuplex(),
  } as pg.ClientConfig);
  await client.connect();
  await client.query('create table lines (id int, text text)');
  const text = 'é'.repeat(100_000);
  for (let id = 0; id < 20; id += 1) {
    await client.query('insert into lines values ($1, $2)', [id, text]);
  }
  const { rows } = await client.query('select * from lines order by id');
  t.is(rows.length, 20);
  t.true(rows.every((row, at) => row.id === at && row.text === text));
  await t.throwsAsync(client.query('select nothing from nowhere'), { code: '42P01' });
  await client.end();
});

peerTest('ioredis: a real redis-server', async (t) => {
  const { port } = await RedisServer.start(t);
  class Pants extends AbstractConnector {
    constructor() {
      super(0);
    }
    override async connect(): Promise<never> {
      this.connecting = true;
      const duplex = new Client().connect('127.0.0.1', port).toDuplex();
      // What it is declared as; it asks for no more than the Duplex has.
      this.stream = duplex as never;
      return duplex as never;
    }
  }
  const redis = new Redis({ Connector: Pants, lazyConnect: true });
  await redis.connect();
  const value = Buffer.alloc(MiB, 'value');
  await redis.set('key', value);
  t.true((await redis.getBuffer('key'))?.equals(value));
  const counted = await Promise.all(Array.from({ length: 1_000 }, () => redis.incr('counter')));
  t.deepEqual(
    counted,
    Array.from({ length: 1_000 }, (_, at) => at + 1),
  );
  await redis.quit();
  await once(redis, 'end');
});

peerTest('ws: both ends', async (t) => {
  const sockets = new WebSocketServer({ noServer: true });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(data)));
  const web = createServer();
  web.on('upgrade', (asked, socket, head) => {
    sockets.handleUpgrade(asked, socket, head, (made) => sockets.emit('connection', made, asked));
  });
  const { port } = serving(t, (connection) => web.emit('connection', connection.toDuplex()));
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`, {
    createConnection: () => new Client().connect('127.0.0.1', port).toDuplex() as never,
  });
  await once(socket, 'open');
  for (const length of [1, 1_000, 100_000, MiB]) {
    const message = Buffer.alloc(length, 'm');
    socket.send(message);
    const [echo] = await once(socket, 'message');
    t.true(message.equals(echo as Buffer), `${length}`);
  }
  socket.close();
  await once(socket, 'close');
  sockets.close();
});

peerTest('node:http as a client over it, by createConnection', async (t) => {
  const url = new URL(http(t));
  const asked = request({
    port: url.port,
    path: '/from-a-client',
    method: 'POST',
    createConnection: () => new Client().connect('127.0.0.1', Number(url.port)).toDuplex() as never,
  });
  asked.end('body');
  const [answer] = await once(asked, 'response');
  let text = '';
  for await (const chunk of answer) text += chunk;
  t.is(text, '/from-a-client 4 127.0.0.1\n');
  // A plain socket beside it, of the same server.
  const plain = connectSocket(Number(url.port), '127.0.0.1');
  plain.end('GET /plain HTTP/1.0\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of plain) chunks.push(chunk);
  t.regex(Buffer.concat(chunks).toString(), /\r\n\r\n\/plain 0 127\.0\.0\.1\n$/);
});

async function certificate(t: ExecutionContext): Promise<{ key: Buffer; cert: Buffer }> {
  const folder = temporaryDirectory(t);
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const { code, stderr } = await Program.run(t, 'openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
    ...['-days', 1, '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'],
    ...['-keyout', key, '-out', cert],
  ]);
  t.is(code, 0, stderr);
  return { key: readFileSync(key), cert: readFileSync(cert) };
}
