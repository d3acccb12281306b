import { serve, writeAll } from '../deno.ts';
import { body } from './body.ts';

await serve(async (connection) => {
  const line = new Uint8Array(65_536);
  for (;;) {
    const received = await connection.read(line);
    if (received === null) return;
    await writeAll(connection, line.subarray(0, received));
    await writeAll(connection, body);
  }
});
