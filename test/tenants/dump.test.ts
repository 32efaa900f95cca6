import { expect, test } from 'vitest';
import { splitStatements } from '../../src/sql/scan.ts';
import { enginePlace, mysqlTenant } from './engine-fixture.ts';
import { rootContext, type SqlClient, sqlClient } from './sql-fixture.ts';

/** As mysqldump writes it; the statements a session answers itself are left to the session. */
const dump = `
-- MySQL dump 10.13
/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;
/*!40014 SET @OLD_FOREIGN_KEY_CHECKS=@@FOREIGN_KEY_CHECKS, FOREIGN_KEY_CHECKS=0 */;
CREATE DATABASE /*!32312 IF NOT EXISTS*/ \`shop\` /*!40100 DEFAULT CHARACTER SET utf8mb4 */;
USE \`shop\`;
DROP TABLE IF EXISTS \`orders\`;
/*!40101 SET @saved_cs_client     = @@character_set_client */;
CREATE TABLE \`orders\` (
  \`id\` bigint(20) NOT NULL AUTO_INCREMENT,
  \`customer\` int(11) DEFAULT NULL,
  \`note\` text,
  \`amount\` decimal(12,2) NOT NULL DEFAULT '0.00',
  \`placed\` timestamp NULL DEFAULT CURRENT_TIMESTAMP,
  \`raw\` varbinary(16) DEFAULT NULL,
  PRIMARY KEY (\`id\`),
  KEY \`by_customer\` (\`customer\`),
  CONSTRAINT \`orders_fk\` FOREIGN KEY (\`customer\`) REFERENCES \`customers\` (\`id\`) ON DELETE CASCADE
) ENGINE=InnoDB AUTO_INCREMENT=12 DEFAULT CHARSET=utf8mb4;
LOCK TABLES \`orders\` WRITE;
/*!40000 ALTER TABLE \`orders\` DISABLE KEYS */;
INSERT INTO \`orders\` VALUES (1,1,'it''s; a \\'note\\'\\nline',10.50,'2024-01-02 03:04:05',0x00FF27),(5,2,NULL,-0.01,NULL,NULL),(11,1,'ünï😀',99999.99,'2024-06-30 23:59:59','');
/*!40000 ALTER TABLE \`orders\` ENABLE KEYS */;
UNLOCK TABLES;
DROP TABLE IF EXISTS \`customers\`;
CREATE TABLE \`customers\` (
  \`id\` int(11) NOT NULL,
  \`name\` varchar(20) COLLATE utf8mb4_bin NOT NULL,
  \`kind\` enum('new','old') DEFAULT 'new',
  PRIMARY KEY (\`id\`),
  UNIQUE KEY \`by_name\` (\`name\`)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COMMENT='who buys';
LOCK TABLES \`customers\` WRITE;
INSERT INTO \`customers\` VALUES (1,'Ann','old'),(2,'ann','new');
UNLOCK TABLES;
/*!40014 SET FOREIGN_KEY_CHECKS=@OLD_FOREIGN_KEY_CHECKS */;
`;

/** Plays a dump as a session would: it follows USE, and keeps SET to itself. */
async function loadDump(sql: SqlClient, text: string): Promise<SqlClient> {
  let client = sql.with({ foreignKeyChecks: false });
  for (const { text: statement } of splitStatements(text)) {
    if (/^\s*(--[^\n]*\n\s*)*(\/\*!\d+ )?SET\b/.test(statement)) continue;
    const { database } = await client.ok(statement);
    if (database) client = client.with({ database });
  }
  return client.with({ foreignKeyChecks: true });
}

const list = 'SELECT * FROM orders ORDER BY id';

test('a dump loads, and what SHOW CREATE TABLE prints loads again', async () => {
  const place = enginePlace();
  try {
    await place.engines.create(1001, mysqlTenant);
    const root = await sqlClient(await place.engines.open(1001));
    const shop = await loadDump(root, dump);
    expect(await shop.rows('SELECT id, customer, note, amount, placed, hex(raw) FROM orders ORDER BY id')).toEqual([
      ['1', '1', "it's; a 'note'\nline", '10.50', '2024-01-02 03:04:05', '00FF27'],
      ['5', '2', null, '-0.01', null, null],
      ['11', '1', 'ünï😀', '99999.99', '2024-06-30 23:59:59', ''],
    ]);
    expect(await shop.rows('SELECT name FROM customers ORDER BY id')).toEqual([['Ann'], ['ann']]);
    expect(await shop.ok('INSERT INTO orders (customer) VALUES (2)')).toMatchObject({ insertId: 12n });
    expect(await shop.fails('INSERT INTO orders (customer) VALUES (3)')).toMatchObject({ errno: 1452 });

    await root.ok('CREATE DATABASE copy');
    const copy = root.with({ database: 'copy', foreignKeyChecks: false });
    for (const table of ['orders', 'customers']) {
      await copy.ok((await shop.rows(`SHOW CREATE TABLE ${table}`))[0]![1]!);
      await copy.ok(`INSERT INTO copy.${table} SELECT * FROM shop.${table}`);
    }
    expect(await copy.rows(list)).toEqual(await shop.rows(list));
    const sums = (await root.rows('CHECKSUM TABLE shop.orders, copy.orders, shop.customers, copy.customers')).map(
      (row) => row[1],
    );
    expect(sums[0]).toBe(sums[1]);
    expect(sums[2]).toBe(sums[3]);
    expect(
      await copy.with(rootContext).rows("SELECT table_name FROM information_schema.tables WHERE table_schema = 'copy'"),
    ).toEqual([['customers'], ['orders']]);
  } finally {
    await place.end();
  }
});
