/** By class and code: what was told is not told again. */
const told = new Map<unknown, string[]>();

/** What the hooks do that are given an error and that nobody has overridden. */
export function warnUnhandled(channel: object, hook: string, error: Error): void {
  const code = 'code' in error ? String(error.code) : error.name;
  const codes = told.get(channel.constructor) ?? [];
  if (codes.includes(code)) return;
  told.set(channel.constructor, [...codes, code]);
  const { name } = channel.constructor;
  process.emitWarning(`${name}: ${error.message} (override ${hook}())`, 'PantsWarning', code);
}
