/** Test runners, without flags: each runs the same test. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { here, run } from './project.mjs';
import { nodes } from './runtimes.mjs';

/** Strings, bytes, a pattern: what crosses between a runner's own globals and Node's. */
const body = `
test('an echo server, asked by a client', async () => {
  class Echo extends Connection {
    readDelimiter = '\\n';
    onRead(line) {
      this.write(Buffer.concat([line, Buffer.from(';')]));
      this.write(new Uint8Array([33, 10]));
    }
  }
  const server = new Server(Echo).listen(0, '127.0.0.1');
  const answer = await new Promise((resolve, reject) => {
    class Asking extends Client {
      readDelimiter = /;!\\n/;
      readEncoding = 'utf8';
      onConnect() { this.write('hello\\n'); }
      onConnectError(error) { reject(error); }
      onRead(line) { resolve(line); this.close(); }
    }
    new Asking().connect(server.localAddr);
  });
  expect(answer).toBe('hello');
  expect(() => new Client({ readDelimiter: -1 })).toThrow(RangeError);
  server.close();
});
`;

/** @param {import('./project.mjs').Project} project */
export function runners(project) {
  const commonjs = project.folder('jest', 'commonjs');
  const modules = project.folder('vitest', 'module');
  const names = '{ Client, Connection, Server }';
  writeFileSync(
    join(commonjs, 'echo.test.js'),
    `const ${names} = require('pants-native');\n${body}`,
  );
  const imports = `import ${names} from 'pants-native';\nimport { expect, test } from 'vitest';`;
  writeFileSync(join(modules, 'echo.test.js'), imports + body);
  writeFileSync(
    join(modules, 'vitest.config.js'),
    `export default ${JSON.stringify({
      resolve: { alias: { vitest: join(here, 'node_modules/vitest/dist/index.js') } },
      test: { include: ['*.test.js'], watch: false },
    })};`,
  );
  const jest = [join(here, 'node_modules/jest/bin/jest.js'), '--rootDir', commonjs];
  const vitest = [join(here, 'node_modules/vitest/vitest.mjs'), 'run', '--root', modules];
  for (const { name, path } of nodes) {
    run(path, jest, { cwd: commonjs });
    run(path, vitest, { cwd: modules });
    console.log(`ok  Jest and vitest on ${name}`);
  }
}
