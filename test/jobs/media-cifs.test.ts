import * as server from '../media/servers/cifs.ts';
import { mediaVertical } from './media-vertical.ts';

mediaVertical('cifs', server, await server.refusal());
