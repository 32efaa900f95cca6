import * as server from '../media/servers/s3.ts';
import { mediaVertical } from './media-vertical.ts';

mediaVertical('s3', server, null);
