const MOST = 1200;
const PATTERN = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at * at * 31 + at) & 0xff));

/**
 * The datagram of a number: of 4 to some 1,200 bytes, as many as its neighbours have, and no two
 * alike. The next call changes it.
 */
export function datagramOf(number: number): Buffer {
  const length = 4 + ((Math.floor(number / 50) * 7919) % MOST);
  const from = number % (PATTERN.length - MOST);
  PATTERN.copy(scratch, 4, from, from + length - 4);
  scratch.writeInt32LE(number);
  return scratch.subarray(0, length);
}

const scratch = Buffer.alloc(4 + MOST);
