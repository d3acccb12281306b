// A BlockList's rules, as the reactor has them.

import { BlockList } from 'node:net';

import test from 'ava';
import fc from 'fast-check';
import { Client, Server } from 'pants-native';

import { checkBlockList } from '../js/check/block-list.ts';

// Elsewhere 127.0.0.1 is the only loopback address that a client can come from.
const host = process.platform === 'linux' ? test : test.skip;

/** Small numbers, so that rules meet addresses. */
const four = fc.integer({ min: 0, max: 40 }).map((n) => `1.2.${n >> 3}.${(n & 7) * 33}`);
const six = fc
  .integer({ min: 0, max: 40 })
  .chain((n) => fc.constantFrom(`2001:db8::${n.toString(16)}`, `::ffff:1.2.0.${n}`, `::${n}`));

type Family = 'ipv4' | 'ipv6';
const address = fc.oneof(
  fc.tuple(four, fc.constant<Family>('ipv4')),
  fc.tuple(six, fc.constant<Family>('ipv6')),
);

type Rule = (list: BlockList) => void;
const rule: fc.Arbitrary<Rule> = fc.oneof(
  address.map(
    ([ip, family]): Rule =>
      (list) =>
        list.addAddress(ip, family),
  ),
  fc.tuple(fc.constantFrom<Family>('ipv4', 'ipv6'), fc.nat(40), fc.nat(40)).map(
    ([family, one, other]): Rule =>
      (list) => {
        const [from, to] = [Math.min(one, other), Math.max(one, other)];
        if (family === 'ipv4') list.addRange(`1.2.0.${from}`, `1.2.0.${to}`, family);
        else
          list.addRange(`2001:db8::${from.toString(16)}`, `2001:db8::${to.toString(16)}`, family);
      },
  ),
  fc.constant<Rule>((list) => list.addRange('::', 'ffff::', 'ipv6')),
  fc.tuple(four, fc.integer({ min: 1, max: 32 })).map(
    ([ip, bits]): Rule =>
      (list) =>
        list.addSubnet(ip, bits, 'ipv4'),
  ),
  fc.tuple(six, fc.integer({ min: 1, max: 128 })).map(
    ([ip, bits]): Rule =>
      (list) =>
        list.addSubnet(ip, bits, 'ipv6'),
  ),
);

/** As the reactor judges it. */
function has(ranges: Uint8Array, [ip, family]: [string, Family]): boolean {
  const one = new BlockList();
  one.addAddress(ip, family);
  const number = Buffer.from(checkBlockList(one) ?? []).subarray(0, 16);
  for (let at = 0; at < ranges.length; at += 32) {
    const isBehind = Buffer.compare(ranges.subarray(at, at + 16), number) <= 0;
    if (isBehind && Buffer.compare(number, ranges.subarray(at + 16, at + 32)) <= 0) return true;
  }
  return false;
}

test('a BlockList blocks what it says that it blocks', (t) => {
  fc.assert(
    fc.property(fc.array(rule, { maxLength: 5 }), fc.array(address), (rules, addresses) => {
      const list = new BlockList();
      for (const add of rules) add(list);
      const ranges = checkBlockList(list) ?? new Uint8Array();
      // Peers are told in their own form, which is how the reactor knows them.
      for (const [ip, family] of addresses.filter(([ip]) => !ip.includes('ffff'))) {
        t.is(has(ranges, [ip, family]), list.check(ip, family), `${ip} ${list.rules}`);
      }
    }),
  );
});

host('onDrop: 100 times a second at most, and all are counted', async (t) => {
  let told = 0;
  const server = new Server({ maxConnections: 0 }).listen(0, '127.0.0.1');
  server.onDrop = () => {
    told += 1;
  };
  t.teardown(() => server.close());
  const { port = 0 } = server.localAddr ?? {};
  const before = performance.now();
  const gone = Array.from({ length: 500 }, () => {
    const client = new Client().connect('127.0.0.1', port);
    return new Promise<void>((resolve) => {
      client.onClose = () => resolve();
    });
  });
  await Promise.all(gone);
  t.is(server.stats().refused, 500);
  const seconds = Math.ceil((performance.now() - before) / 1_000) + 1;
  t.true(told >= 1 && told <= 100 * seconds, `${told} in ${seconds} s`);
});
