import { cleanKills } from './clean-kills.ts';

cleanKills('far');
