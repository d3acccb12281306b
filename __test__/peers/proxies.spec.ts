// The PROXY protocol, as real proxies speak it.

import type { Socket as NetSocket } from 'node:net';

import type { ExecutionContext } from 'ava';
import { type Address, Connection, type ProxyInfo, Server } from 'pants-native';

import { peerTest } from '../helpers/program.ts';
import { eventually } from '../helpers/wait.ts';
import { freePort } from './place.ts';
import { reach, run, runHAProxy } from './settings.ts';

interface Seen {
  remote: Address | null;
  local: Address | null;
  proxy: ProxyInfo | null;
}

/** A server that echoes, and what it knows of its connections. */
function listen(t: ExecutionContext): { port: number; seen: Seen[]; server: Server } {
  const seen: Seen[] = [];
  class Echo extends Connection {
    override onConnect(): void {
      seen.push({ remote: this.remoteAddr, local: this.localAddr, proxy: this.proxy });
    }
    override onRead(data: Buffer): void {
      this.write(data);
    }
  }
  const server = new Server(Echo, { proxyProtocol: true }).listen(0, '127.0.0.1');
  server.onError = () => {};
  t.teardown(() => server.close());
  return { port: server.localAddr?.port ?? 0, seen, server };
}

async function echoes(t: ExecutionContext, socket: NetSocket): Promise<void> {
  const sent = Buffer.alloc(300_000, 'what was sent before and behind the header');
  let got = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    got = Buffer.concat([got, chunk]);
  });
  socket.write(sent);
  await eventually('all is back', () => got.length >= sent.length);
  t.deepEqual(got, sent);
}

const HOSTS = [
  ['127.0.0.1', 'IPv4'],
  ['::1', 'IPv6'],
] as const;

for (const version of [1, 2] as const) {
  peerTest(`HAProxy, version ${version}: whose the connections are`, async (t) => {
    const { port, seen, server } = listen(t);
    const ports = await Promise.all(HOSTS.map(([host]) => freePort(host)));
    const send = version === 1 ? 'send-proxy' : 'send-proxy-v2 proxy-v2-options crc32c,unique-id';
    const listens = HOSTS.map(
      ([host], at) => `
        listen at${at}
          bind ${host}:${ports[at]}
          unique-id-format number-${at}
          server pants 127.0.0.1:${port} ${send}`,
    );
    runHAProxy(t, listens.join('\n'));
    for (const [at, [host, family]] of HOSTS.entries()) {
      const socket = await reach(t, ports[at] ?? 0, host);
      await echoes(t, socket);
      const [last] = seen.slice(-1);
      t.deepEqual(last?.remote, { address: host, port: socket.localPort ?? 0, family });
      t.deepEqual(last?.local, { address: host, port: ports[at] ?? 0, family });
      t.like(last?.proxy, { version, command: 'PROXY', address: '127.0.0.1' });
      const tlvs = new Map(last?.proxy?.tlvs.map(({ type, value }) => [type, value]));
      if (version === 1) t.is(tlvs.size, 0);
      else t.is(tlvs.get(5)?.toString(), `number-${at}`);
    }
    t.is(server.stats().badProxyHeaders, 0);
  });
}

peerTest('HAProxy checks its server: LOCAL, and up', async (t) => {
  const { port, seen } = listen(t);
  const front = await freePort();
  runHAProxy(
    t,
    `
      listen checked
        bind 127.0.0.1:${front}
        option tcp-check
        tcp-check send hello
        tcp-check expect string hello
        server pants 127.0.0.1:${port} check check-send-proxy inter 50ms send-proxy-v2`,
  );
  await eventually('it has checked', () => seen.length > 1);
  const [check] = seen;
  t.like(check?.proxy, { version: 2, command: 'LOCAL', address: '127.0.0.1' });
  t.is(check?.remote?.port, check?.proxy?.port ?? undefined);
  t.is(check?.local?.port, port);
  await echoes(t, await reach(t, front, '127.0.0.1'));
});

peerTest('nginx: whose the connections are', async (t) => {
  const { port, seen, server } = listen(t);
  const fronts = await Promise.all(HOSTS.map(([host]) => freePort(host)));
  const servers = HOSTS.map(([host], at) => {
    const bind = host.includes(':') ? `[${host}]` : host;
    return `server { listen ${bind}:${fronts[at]}; proxy_pass 127.0.0.1:${port}; proxy_protocol on; }`;
  });
  run(
    t,
    'nginx',
    (folder) => `
      load_module /usr/lib/nginx/modules/ngx_stream_module.so;
      daemon off;
      pid ${folder}/pid;
      master_process off;
      error_log stderr notice;
      events { worker_connections 64; }
      stream { ${servers.join('\n')} }\n`,
    (file, folder) => ['-e', 'stderr', '-p', folder, '-c', file],
  );
  for (const [at, [host, family]] of HOSTS.entries()) {
    const socket = await reach(t, fronts[at] ?? 0, host);
    await echoes(t, socket);
    const [last] = seen.slice(-1);
    t.deepEqual(last?.remote, { address: host, port: socket.localPort ?? 0, family });
    t.deepEqual(last?.local, { address: host, port: fronts[at] ?? 0, family });
    t.like(last?.proxy, { version: 1, command: 'PROXY', tlvs: [], address: '127.0.0.1' });
  }
  t.is(server.stats().badProxyHeaders, 0);
});
