import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';

/**
 * Puts TLS on a socket whose client has just sent an SSLRequest. `rest` is what came glued to it: the beginning of the
 * ClientHello goes back onto the raw socket before it is wrapped.
 */
export function upgradeToTls(socket: Socket, rest: Buffer, secureContext: SecureContext): TLSSocket {
  socket.pause();
  if (rest.length > 0) socket.unshift(rest);
  return new TLSSocket(socket, { isServer: true, secureContext });
}
