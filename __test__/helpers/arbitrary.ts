import fc, { type Arbitrary } from 'fast-check';

// How often what is generated: as it is said, whatever the size. So property tests are `unbiased`.

/** True once in so many times. */
export function once(times: number): Arbitrary<boolean> {
  return fc.nat(times - 1).map((n) => n === times - 1);
}

/** One of these, each so many times as often as it says. */
export function weighed<T>(...choices: [weight: number, choice: Arbitrary<T>][]): Arbitrary<T> {
  return fc.oneof(...choices.map(([weight, arbitrary]) => ({ weight, arbitrary })));
}

/** Between 1 and so many; shrunk to the most. */
export function upTo(most: number): Arbitrary<number> {
  return fc.nat(most - 1).map((less) => most - less);
}

/** Of any length from the least to the most, each as often. */
export function list<T>(item: Arbitrary<T>, minLength: number, maxLength: number): Arbitrary<T[]> {
  return fc.array(item, { minLength, maxLength, size: 'max' });
}
