// The public types of pants-native, generated from js/index.ts by `npm run build:ts`.

/** The version of the package's native part. */
export declare const version: string;

export {};
