import { conformance } from './index.ts';
import { load } from './load.ts';

conformance('reference', await load('reference'));
