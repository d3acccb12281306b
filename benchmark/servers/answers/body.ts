import { Buffer } from 'node:buffer';

/** 100 kB: the alphabet, again and again, as the load generator expects it. */
export const body: Buffer = Buffer.alloc(100_000, 'abcdefghijklmnopqrstuvwxyz');
