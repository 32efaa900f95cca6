import { cleanKills } from './clean-kills.ts';

cleanKills('near');
