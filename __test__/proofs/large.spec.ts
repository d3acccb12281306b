import { join } from 'node:path';

import test from 'ava';

import { temporaryDirectory } from '../helpers/files.ts';
import { MEMORY, sparse } from './large.ts';
import { type Result, transfer, type Way } from './transfer.ts';

const MiB = 1024 * 1024;
const GiB = 1024 * MiB;

// Short forms of what `npm run proof -- large` shows.

test.serial('W11: 400 MiB written with back-pressure arrive, in little memory', async (t) => {
  const bytes = 400 * MiB + 1;
  const result = await transfer({ how: 'pressure', bytes });
  t.like(result, arrived({ how: 'pressure', bytes }));
  t.true(result.memory < MEMORY, `${result.memory}`);
});

test.serial('W11: 100 MiB written at once arrive', async (t) => {
  const bytes = 100 * MiB + 1;
  const result = await transfer({ how: 'huge', bytes });
  t.like(result, { ...arrived({ how: 'huge', bytes }), mostPending: bytes });
});

test.serial('W18: a file is sent past its 4 GiB, in little memory', async (t) => {
  const path = join(temporaryDirectory(t), 'sparse');
  sparse(path, 5 * GiB);
  const bytes = 500 * MiB + 1;
  const way: Way = { how: 'file', bytes, path, offset: 4 * GiB - 250 * MiB };
  const result = await transfer(way);
  t.like(result, { ...arrived(way), mostPending: bytes });
  t.true(result.memory < MEMORY, `${result.memory}`);
});

function arrived({ bytes }: Way): Partial<Result> {
  return { reason: 'end', unsentBytes: 0, bytesWritten: bytes, received: bytes, whole: true };
}
