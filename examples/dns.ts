// A name server for a few names: over UDP, and over TCP what is too long for a datagram.
//
//   node --import @oxc-node/core/register examples/dns.ts [port]
//   dig @127.0.0.1 -p 4053 greeting.example TXT

import { Connection, Datagram, lengthPrefix, Server } from 'pants-native';

/** As much as every resolver takes in one datagram. */
const DATAGRAM_BYTES = 512;
const MESSAGE_BYTES = 65_535;
const TTL = 60;

const types = { A: 1, TXT: 16, AAAA: 28, ANY: 255 };
const INTERNET = 1;

const none: Buffer = Buffer.alloc(0);

const outcomes = { ok: 0, malformed: 1, noSuchName: 3, notImplemented: 4 };

interface RecordOfZone {
  type: number;
  data: Buffer;
}

const zone = new Map<string, RecordOfZone[]>([
  ['one.example', [a('192.0.2.1')]],
  ['two.example', [a('192.0.2.1'), a('192.0.2.2'), aaaa('2001:db8:0:0:0:0:0:2')]],
  ['greeting.example', [txt('Hello, world!')]],
  ['large.example', Array.from({ length: 50 }, (_, n) => txt(`${n}:${'x'.repeat(100)}`))],
]);

class OverUdp extends Datagram {
  override onRead(query: Buffer): void {
    const response = answer(query, DATAGRAM_BYTES);
    // Without an address, it goes to whom the query came from.
    if (response !== null) this.write(response);
  }

  // Nobody may be there any more to take the answer. The next one is another matter.
  override onError(error: Error): void {
    console.error(error.message);
  }
}

// A message behind its length, either way.
class OverTcp extends Connection {
  override readDelimiter = lengthPrefix({ bytes: 2 });

  override onRead(query: Buffer): void {
    const response = answer(query, MESSAGE_BYTES);
    if (response === null) {
      this.close();
      return;
    }
    const length = Buffer.alloc(2);
    length.writeUInt16BE(response.length);
    this.write(length);
    if (!this.write(response)) this.pause();
  }

  override onWrite(): void {
    this.resume();
  }
}

// A message, query or answer; numbers are big-endian, and 16 bits wide:
//
//   id │ flags │ questions │ answers │ authorities │ additional │ question… │ answers…
const HEADER_BYTES = 12;
const flag = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200, recurse: 0x0100 };
/** What kind of query it is: 0 is a question. */
const KIND = 0x7800;

/** The answer to a message, or null for what is none to answer. */
function answer(query: Buffer, most: number): Buffer | null {
  if (query.length < HEADER_BYTES) return null;
  const asked = query.readUInt16BE(2);
  // Who answers answers may do so for ever.
  if (asked & flag.response) return null;
  if (asked & KIND) return message(query, outcomes.notImplemented);

  const question = query.readUInt16BE(4) === 1 ? parseQuestion(query) : null;
  if (question === null) return message(query, outcomes.malformed);
  const { name, type, bytes } = question;
  const records = zone.get(name);
  if (records === undefined) return message(query, outcomes.noSuchName, bytes);

  const answers = records
    .filter((record) => type === types.ANY || type === record.type)
    .map(answerRecord);
  const whole = message(query, outcomes.ok, bytes, answers);
  return whole.length <= most ? whole : message(query, flag.truncated, bytes);
}

function message(query: Buffer, flags: number, question = none, answers: Buffer[] = []): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  const asked = query.readUInt16BE(2) & (KIND | flag.recurse);
  header.writeUInt16BE(query.readUInt16BE(0), 0);
  header.writeUInt16BE(flag.response | flag.authoritative | asked | flags, 2);
  header.writeUInt16BE(question.length > 0 ? 1 : 0, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, question, ...answers]);
}

function answerRecord({ type, data }: RecordOfZone): Buffer {
  const head = Buffer.alloc(12);
  // The name: that of the question, by its place in the message.
  head.writeUInt16BE(0xc000 | HEADER_BYTES, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(INTERNET, 4);
  head.writeUInt32BE(TTL, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** A name is a sequence of labels, each behind its length, of which the last is empty. */
function parseQuestion(query: Buffer): { name: string; type: number; bytes: Buffer } | null {
  const labels: string[] = [];
  let at = HEADER_BYTES;
  for (;;) {
    const length = query[at] ?? 255;
    at += 1;
    if (length === 0) break;
    // Longer ones, and references to other places, have no business in a question.
    if (length > 63 || at + length >= query.length) return null;
    labels.push(query.toString('latin1', at, at + length).toLowerCase());
    at += length;
  }
  if (at + 4 > query.length || query.readUInt16BE(at + 2) !== INTERNET) return null;
  const bytes = query.subarray(HEADER_BYTES, at + 4);
  return { name: labels.join('.'), type: query.readUInt16BE(at), bytes };
}

function a(address: string): RecordOfZone {
  return { type: types.A, data: Buffer.from(address.split('.').map(Number)) };
}

function aaaa(address: string): RecordOfZone {
  const groups = address.split(':').map((group) => group.padStart(4, '0'));
  return { type: types.AAAA, data: Buffer.from(groups.join(''), 'hex') };
}

function txt(text: string): RecordOfZone {
  return { type: types.TXT, data: Buffer.from([text.length, ...Buffer.from(text)]) };
}

// Both on the same port; 0 is any that is free.
const tcp = new Server(OverTcp, { idleTimeout: 10_000 });
tcp.listen(Number(process.argv[2] ?? 4053), '127.0.0.1');
const udp = new OverUdp().listen(tcp.localAddr?.port, '127.0.0.1');
console.log(`dns: listening on 127.0.0.1:${udp.localAddr?.port}`);
