import { unixConformance } from './index.ts';
import { load } from './load.ts';

unixConformance('reference', await load('reference'));
