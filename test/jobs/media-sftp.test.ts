import * as server from '../media/servers/sftp.ts';
import { mediaVertical } from './media-vertical.ts';

mediaVertical('sftp', server, await server.refusal());
