import * as server from '../media/servers/cos.ts';
import { mediaVertical } from './media-vertical.ts';

mediaVertical('cos', server, null);
