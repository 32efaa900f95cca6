import { near, needs, type Refusal } from './refusal.ts';

const t = 'root@t';
const sys = 'root@sys';
const bob = 'bob@t';
const keeper = 'keeper@t';
const o = 'SYS@o';

const failed = (operation: string, user: string) => `Operation ${operation} failed for ${user}`;
const ora = (code: number, text: string) => `ORA-00600: internal error code, arguments: ${code}, ${text}`;
const noRow = "Can't find any matching row in the user table";

/** CREATE, ALTER, DROP and RENAME USER, SET PASSWORD. `bob` has no privilege, `keeper` may CREATE USER. */
export const userRefusals: readonly Refusal[] = [
  [bob, "CREATE USER eve IDENTIFIED BY 'SECRET'", 1227, needs('CREATE USER')],
  ['bob@sys', 'CREATE USER eve', 1227, needs('CREATE USER')],
  [bob, 'DROP USER keeper', 1227, needs('CREATE USER')],
  [bob, 'RENAME USER keeper TO eve', 1227, needs('CREATE USER')],
  [bob, "ALTER USER keeper IDENTIFIED BY 'SECRET'", 1227, needs('CREATE USER')],
  [bob, 'ALTER USER bob ACCOUNT UNLOCK', 1227, needs('CREATE USER')],
  [bob, "SET PASSWORD FOR keeper = PASSWORD('SECRET')", 1227, needs('CREATE USER')],
  [t, 'CREATE USER bob', 1396, failed('CREATE USER', "'bob'@'%'")],
  [t, "CREATE USER 'bob'@'%' IDENTIFIED BY 'SECRET'", 1396, failed('CREATE USER', "'bob'@'%'")],
  [t, 'CREATE USER bob, eve, keeper', 1396, /^Operation CREATE USER failed for 'bob'@'%', ?'keeper'@'%'$/],
  [o, 'CREATE USER SYS', 1396, ora(-1396, failed('CREATE USER', "'SYS'@'%'"))],
  [t, "CREATE USER ''", 1396, failed('CREATE USER', "''@'%'")],
  [
    t,
    `CREATE USER ${'u'.repeat(65)}`,
    1470,
    `String '${'u'.repeat(65)}' is too long for user name (should be no longer than 64)`,
  ],
  [
    t,
    "CREATE USER eve IDENTIFIED BY PASSWORD 'nonsense'",
    1372,
    'Password hash should be a 41-digit hexadecimal number',
  ],
  [
    t,
    "CREATE USER eve IDENTIFIED WITH caching_sha2_password BY 'SECRET'",
    1524,
    "Plugin 'caching_sha2_password' is not loaded",
  ],
  [t, 'CREATE USER eve REQUIRE X509', 1235, 'REQUIRE X509 is not supported'],
  [t, 'CREATE USER eve REQUIRE SSL', 1235, 'REQUIRE SSL is not supported'],
  [t, 'CREATE USER', 1064, near('')],
  [t, "CREATE USER eve IDENTIFIED 'SECRET'", 1064, near("'******'")],
  [t, "ALTER USER nobody IDENTIFIED BY 'SECRET'", 1396, failed('ALTER USER', "'nobody'@'%'")],
  [t, 'ALTER USER bob', 1235, 'ALTER USER without a password or an option is not supported'],
  [t, 'ALTER USER root ACCOUNT LOCK', 1227, 'Access denied'],
  [t, 'DROP USER nobody', 1396, failed('DROP USER', "'nobody'@'%'")],
  [t, "DROP USER 'bob'@'localhost'", 1396, failed('DROP USER', "'bob'@'localhost'")],
  [t, 'DROP USER bob, nobody', 1396, failed('DROP USER', "'nobody'@'%'")],
  [t, 'DROP USER root', 1227, 'Access denied'],
  [sys, 'DROP USER root', 1227, 'Access denied'],
  [o, 'DROP USER SYS', 1227, ora(-5036, 'Access denied')],
  [t, 'RENAME USER nobody TO eve', 1396, failed('RENAME USER', "'nobody'@'%'")],
  [t, 'RENAME USER bob TO keeper', 1396, failed('RENAME USER', "'bob'@'%'")],
  [t, 'RENAME USER root TO eve', 1227, 'Access denied'],
  [t, "SET PASSWORD FOR nobody = PASSWORD('SECRET')", 1133, noRow],
  [t, 'SET PASSWORD', 1064, near('')],
  [t, "SET PASSWORD FOR bob PASSWORD('SECRET')", 1064, near("PASSWORD('******')")],
];

/** GRANT and REVOKE. `keeper` holds CREATE USER without the right to pass it on. */
export const grantRefusals: readonly Refusal[] = [
  [bob, 'GRANT SELECT ON *.* TO keeper', 1227, needs('GRANT OPTION')],
  [keeper, 'GRANT CREATE USER ON *.* TO bob', 1227, needs('GRANT OPTION')],
  [bob, 'GRANT SELECT ON test.* TO keeper', 1044, "Access denied for user 'bob'@'%' to database 'test'"],
  [
    bob,
    'GRANT SELECT ON test.a TO keeper',
    1142,
    /^(SELECT|GRANT OPTION) command denied to user 'bob'@'%' for table 'a'$/,
  ],
  [bob, 'REVOKE SELECT ON *.* FROM keeper', 1227, needs('GRANT OPTION')],
  [bob, 'REVOKE ALL PRIVILEGES, GRANT OPTION FROM keeper', 1227, needs('CREATE USER')],
  [t, 'GRANT SELECT ON *.* TO nobody', 1133, noRow],
  [t, 'GRANT SELECT ON * TO bob', 1046, 'No database selected'],
  [t, 'GRANT SELECT ON a TO bob', 1046, 'No database selected'],
  [t, 'GRANT SUPER ON test.* TO bob', 3619, 'Illegal privilege level specified for SUPER'],
  [t, 'GRANT ALTER SYSTEM ON test.* TO bob', 3619, 'Illegal privilege level specified for ALTER SYSTEM'],
  [t, 'GRANT EXECUTE ON test.a TO bob', 3619, 'Illegal privilege level specified for EXECUTE'],
  [t, 'GRANT SELECT (id) ON test.a TO bob', 1235, 'privileges on columns are not supported'],
  [t, 'GRANT EXECUTE ON FUNCTION test.f TO bob', 1235, 'privileges on a function are not supported'],
  [t, 'GRANT SELECT ON `te%`.* TO bob', 1235, 'a pattern of databases is not supported'],
  [t, 'GRANT reader TO bob', 1235, 'grant role is not supported'],
  [t, 'REVOKE reader FROM bob', 1235, 'revoke role is not supported'],
  [t, 'REVOKE SELECT ON *.* FROM nobody', 1141, "There is no such grant defined for user 'nobody' on host '%'"],
  [t, 'REVOKE SELECT ON test.* FROM bob', 1141, "There is no such grant defined for user 'bob' on host '%'"],
  [t, 'REVOKE SELECT ON test.a FROM bob', 1141, "There is no such grant defined for user 'bob' on host '%'"],
  [t, 'REVOKE ALL ON *.* FROM root', 1227, 'Access denied'],
  [
    t,
    'REVOKE ALL PRIVILEGES, GRANT OPTION FROM nobody',
    1269,
    "Can't revoke all privileges for one or more of the requested users",
  ],
  [t, 'REVOKE ALL PRIVILEGES, GRANT OPTION FROM root', 1227, 'Access denied'],
  [t, 'GRANT FLYING ON *.* TO bob', 1064, near('ON *.* TO bob')],
  [t, 'GRANT SELECT TO bob ON *.*', 1064, near('TO bob ON *.*')],
];
