// A file's stream, piped.

import { Deno, serve, writeAll } from '../deno.ts';
import { path } from './path.ts';

await serve(async (connection) => {
  const line = new Uint8Array(65_536);
  for (;;) {
    const received = await connection.read(line);
    if (received === null) return;
    await writeAll(connection, line.subarray(0, received));
    const file = await Deno.open(path);
    await file.readable.pipeTo(connection.writable, { preventClose: true });
  }
});
