import { type DenoConnection, serve, writeAll } from '../deno.ts';

const members = new Set<DenoConnection>();

await serve(async (connection) => {
  const buffer = new Uint8Array(65_536);
  members.add(connection);
  await writeAll(connection, new TextEncoder().encode('hello\n'));
  try {
    for (;;) {
      const received = await connection.read(buffer);
      if (received === null) return;
      const lines = buffer.slice(0, received);
      await Promise.allSettled([...members].map((member) => writeAll(member, lines)));
    }
  } finally {
    members.delete(connection);
  }
});
