// Deno's own sockets, as `node-tuned` does it.

import { respond, serve } from '../deno.ts';
import { Lines } from './replies.ts';

const encoder = new TextEncoder();

await serve((connection) => {
  const lines = new Lines();
  return respond(connection, (received) => {
    const replies = lines.accept(received);
    return replies === null ? null : encoder.encode(replies);
  });
});
