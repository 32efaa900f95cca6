import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { pathOf, requirePeers } from './peers.ts';

const clusterRules = '/etc/postgresql-common/createcluster.d';
const ourRule = `${clusterRules}/obvault-bench.conf`;

/**
 * Makes sure PostgreSQL and pgBackRest are there, without the cluster Debian makes and starts along with a new server.
 * Throws PeerMissing.
 */
export function requirePgBackRest(report: (line: string) => void): void {
  const commands = ['pgbackrest', 'initdb', 'psql'];
  if (commands.every((command) => pathOf(command) !== null)) return;
  requirePeers(['pg_createcluster'], report);
  mkdirSync(clusterRules, { recursive: true });
  writeFileSync(ourRule, 'create_main_cluster = false\n');
  try {
    requirePeers(commands, report);
  } finally {
    rmSync(ourRule);
  }
}
