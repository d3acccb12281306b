/** Getters that give way to a property of a subclass: `this.closed = true` is what it was before. */

/** @internal Each of these getters of a prototype is covered by what is assigned to an instance. */
export function coverable(prototype: object, ...names: readonly string[]): void {
  for (const name of names) {
    const getter = Object.getOwnPropertyDescriptor(prototype, name);
    Object.defineProperty(prototype, name, {
      ...getter,
      set(this: object, value: unknown) {
        const property = { value, configurable: true, enumerable: true, writable: true };
        Object.defineProperty(this, name, property);
      },
    });
  }
}
