import { describeFlips } from './validate-flips.ts';

describeFlips('transparent');
