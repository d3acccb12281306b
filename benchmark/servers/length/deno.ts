// Deno's own sockets, as `node-tuned` does it.

import { respond, serve } from '../deno.ts';
import { Frames } from './frames.ts';

await serve((connection) => {
  const frames = new Frames();
  return respond(connection, (received) => frames.accept(received));
});
