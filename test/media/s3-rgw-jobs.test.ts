import { mediaVertical } from '../jobs/media-vertical.ts';
import * as server from './servers/ceph-rgw.ts';

mediaVertical('s3', server, server.refusal());
