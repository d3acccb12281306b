// The vocabulary that users and all rooms share, by subject.

export type * from './types/addresses.ts';
export type * from './types/counters.ts';
export type * from './types/errors.ts';
export type * from './types/frames.ts';
export type * from './types/options.ts';
export type * from './types/properties.ts';
export type * from './types/states.ts';
