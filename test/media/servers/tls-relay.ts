import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { selfSigned } from '../../wire/certificate.ts';

/** TLS in front of servers that speak without, under one certificate for 127.0.0.1. */
export class TlsRelays {
  readonly #folder = mkdtempSync(join(tmpdir(), 'obvault-tls-'));
  readonly #files = selfSigned();
  readonly #servers: Server[] = [];
  readonly caFile = join(this.#folder, 'ca.pem');

  constructor() {
    writeFileSync(this.caFile, this.#files.cert);
  }

  /** The port on which TLS is spoken for another one. */
  async before(port: number): Promise<number> {
    const relay = createServer(this.#files, (socket) => {
      const inner = connect(port, '127.0.0.1');
      inner.on('error', () => socket.destroy());
      socket.on('error', () => inner.destroy());
      socket.pipe(inner).pipe(socket);
    });
    relay.on('tlsClientError', () => undefined);
    this.#servers.push(relay);
    await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
    return (relay.address() as AddressInfo).port;
  }

  end(): void {
    for (const server of this.#servers) server.close();
    rmSync(this.#folder, { recursive: true });
  }
}
