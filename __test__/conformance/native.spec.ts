import { conformance } from './index.ts';
import { load } from './load.ts';

conformance('native', await load('native'));
