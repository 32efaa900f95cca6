import * as server from '../media/servers/hdfs.ts';
import { mediaVertical } from './media-vertical.ts';

mediaVertical('hdfs', server, null);
