import { describeFlips } from './validate-flips.ts';

describeFlips('password');
