import { createRequire } from 'node:module';

import test from 'ava';
import * as pants from 'pants-native';

const require = createRequire(import.meta.url);

test('the native part is of the same version as the package', (t) => {
  const manifest: { version: string } = require('../package.json');
  t.is(pants.version, manifest.version);
});

test('require() gives the same module as import', (t) => {
  const required: typeof pants = require('pants-native');
  t.deepEqual(Object.keys(required).sort(), Object.keys(pants).sort());
  for (const [name, value] of Object.entries(pants)) {
    t.is(Reflect.get(required, name), value, name);
  }
});
