import { createRequire } from 'node:module';

import test from 'ava';
import * as imported from 'pants-native';

const require = createRequire(import.meta.url);

test('require() gives the same module as import', (t) => {
  const required: typeof imported = require('pants-native');
  t.deepEqual(Object.keys(required).sort(), Object.keys(imported).sort());
  for (const [name, value] of Object.entries(imported)) {
    t.is(Reflect.get(required, name), value, name);
  }
});
