// A minimal HTTP/1.1 server: connections are kept, requests may be pipelined, bodies are counted.
//
//   node --import @oxc-node/core/register examples/http.ts [port]
//   curl http://127.0.0.1:4040/        curl --data hello http://127.0.0.1:4040/echo

import { STATUS_CODES } from 'node:http';

import { type ChannelError, Connection, type ReadDelimiter, Server } from 'pants-native';

const MOST_BODY = 1024 * 1024;

interface Request {
  method: string;
  target: string;
  version: string;
  headers: Map<string, string>;
  /** The body's. */
  length: number;
}

interface Response {
  status: number;
  body: string | Buffer;
  type?: string;
}

function respond({ method, target, headers }: Request, body: Buffer): Response {
  if (target === '/' && (method === 'GET' || method === 'HEAD')) {
    return { status: 200, body: 'Hello, world!\n', type: 'text/plain; charset=utf-8' };
  }
  if (target === '/echo' && method === 'POST') {
    return { status: 200, body, type: headers.get('content-type') ?? 'application/octet-stream' };
  }
  return { status: target === '/' || target === '/echo' ? 405 : 404, body: '' };
}

// A request is a head, which an empty line ends, and a body as long as the head says:
//
//   POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello
class Exchange extends Connection {
  override readDelimiter: ReadDelimiter = HEAD_END;
  override bufferSize = 16 * 1024;

  override onRead(head: Buffer): void {
    const request = parse(head.toString('latin1'));
    if (typeof request === 'number') {
      this.#refuse(request);
    } else if (request.length === 0) {
      this.#answer(request, Buffer.alloc(0));
    } else {
      this.#readBody(request);
    }
  }

  // Who pipelines requests without reading the responses is not read from until they have left.
  override onWrite(): void {
    this.resume();
  }

  override onOverflowError(_error: ChannelError): void {
    this.#refuse(431);
  }

  #readBody(request: Request): void {
    if (request.headers.get('expect')?.toLowerCase() === '100-continue') {
      this.write('HTTP/1.1 100 Continue\r\n\r\n');
    }
    this.readDelimiter = request.length;
    this.onRead = (body: Buffer) => {
      this.readDelimiter = HEAD_END;
      this.onRead = Exchange.prototype.onRead;
      this.#answer(request, body);
    };
  }

  #answer(request: Request, body: Buffer): void {
    const connection = request.headers.get('connection')?.toLowerCase() ?? '';
    const keep =
      request.version === '1.1' ? connection !== 'close' : connection.includes('keep-alive');
    this.#send(respond(request, body), keep, request.method !== 'HEAD');
  }

  /** After what cannot be understood, there is no telling where the next request begins. */
  #refuse(status: number): void {
    this.#send({ status, body: '' }, false);
  }

  #send({ status, body, type }: Response, keep: boolean, whole = true): void {
    const lines = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      `Connection: ${keep ? 'keep-alive' : 'close'}`,
    ];
    if (type !== undefined) lines.push(`Content-Type: ${type}`);
    this.write(`${lines.join('\r\n')}\r\n\r\n`);
    if (!this.write(whole ? body : '')) this.pause();
    if (!keep) this.end();
  }
}

const HEAD_END = '\r\n\r\n';

/** The request, or the status that refuses it. */
function parse(head: string): Request | number {
  // Some clients send an empty line after a body, which they do not count.
  const [first = '', ...lines] = head.replace(/^\r\n/, '').split('\r\n');
  const words = /^([A-Z]+) (\S+) HTTP\/(1\.[01])$/.exec(first);
  if (words === null) return 400;
  const [, method = '', target = '', version = ''] = words;

  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name)) return 400;
    const value = line.slice(colon + 1).trim();
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}, ${value}`);
  }

  if (headers.has('transfer-encoding')) return 501;
  // Two lengths are none: programs on the way may not agree on which one it is.
  const counted = headers.get('content-length') ?? '0';
  if (!/^\d+$/.test(counted)) return 400;
  const length = Number(counted);
  return length > MOST_BODY ? 413 : { method, target, version, headers, length };
}

class HttpServer extends Server {
  override onListen(): void {
    console.log(`http: listening on 127.0.0.1:${this.localAddr?.port}`);
  }
}

// A head or a body that has begun must come within ten seconds; an idle connection may stay a minute.
new HttpServer(Exchange, { frameTimeout: 10_000, idleTimeout: 60_000 }).listen(
  Number(process.argv[2] ?? 4040),
  '127.0.0.1',
);
