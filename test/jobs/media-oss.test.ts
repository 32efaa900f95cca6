import * as server from '../media/servers/oss.ts';
import { mediaVertical } from './media-vertical.ts';

mediaVertical('oss', server, null);
