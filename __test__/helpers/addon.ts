/** The addon by itself, as no user sees it. */

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export { addon as native } from '../../js/addon.ts';

const folder = new URL('../../native/', import.meta.url);
const [file] = readdirSync(folder).filter((name) => name.endsWith('.node'));
if (file === undefined) throw new Error('the addon is not built');

/** Its file, which every module of a process gets the same object from. */
export const addonFile: string = fileURLToPath(new URL(file, folder));
