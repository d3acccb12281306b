// Bytes as they arrive, in one buffer.

import { respond, serve } from '../deno.ts';

await serve((connection) => respond(connection, (received) => received));
