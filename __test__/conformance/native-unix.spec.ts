import { unixConformance } from './index.ts';
import { load } from './load.ts';

unixConformance('native', await load('native'));
