import { describeFlips } from './validate-flips.ts';

describeFlips('clear');
