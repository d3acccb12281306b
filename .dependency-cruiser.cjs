// The order of the rooms of js/: `npm run check` fails where a file imports one above it, or where
// files import each other in a circle. Imports of types count.

/** From the lowest to the highest; those of one floor do not know each other, unless they are one room. */
const floors = [
  ['types'],
  ['types.ts'],
  ['generated', 'inspect.ts'],
  ['addon.ts'],
  ['binding.ts'],
  ['check'],
  ['reactor'],
  ['read', 'write'],
  ['link'],
  ['api'],
  ['index.ts'],
];

/** @param {string} name */
const at = (name) => `^js/${name.replaceAll('.', '\\.')}${name.endsWith('.ts') ? '$' : '/'}`;

/** One rule a room: what it may import is itself, and what lies below. */
const rooms = floors.flatMap((floor, level) =>
  floor.map((name) => ({
    name: `${name} imports what is below it`,
    severity: 'error',
    from: { path: at(name) },
    to: {
      path: '^js/',
      pathNot: [name, ...floors.slice(0, level).flat()].map(at),
    },
  })),
);

module.exports = {
  forbidden: [
    ...rooms,
    { name: 'no circle of files', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'every file is in a room',
      severity: 'error',
      from: { path: '^js/', pathNot: floors.flat().map(at) },
      to: {},
    },
    {
      name: 'only addon.ts and binding.ts know the addon',
      severity: 'error',
      from: { path: '^js/', pathNot: ['addon.ts', 'binding.ts'].map(at) },
      to: { path: '^native/' },
    },
    {
      name: 'what is imported is there',
      severity: 'error',
      from: {},
      // The platforms' packages are not, in a checkout.
      to: { couldNotResolve: true, pathNot: '^pants-native-' },
    },
  ],
  required: [
    {
      name: 'imports of types are seen',
      severity: 'error',
      module: { path: at('index.ts') },
      // By a type only: without a parser that knows TypeScript, nothing would be found.
      to: { path: at('types.ts') },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: ['node_modules', '^native/'] },
    enhancedResolveOptions: { extensions: ['.ts', '.cts', '.cjs'], exportsFields: ['exports'] },
  },
};
