// Deno's own sockets, as `node-tuned` does it.

import { Buffer } from 'node:buffer';
import { respond, serve } from '../deno.ts';
import { Commands } from './commands.ts';

await serve((connection) => {
  const commands = new Commands();
  return respond(connection, (received) => {
    const text = Buffer.from(received.buffer, 0, received.length).toString('latin1');
    const replies = commands.accept(text);
    return replies === '' ? null : Buffer.from(replies, 'latin1');
  });
});
