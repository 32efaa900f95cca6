import { badDestination, denied, invalidArgument, needs, noSuchTenant, notSupported, type Refusal } from './refusal.ts';

const sys = 'root@sys';
const t = 'root@t';
const bob = 'bob@t';

const keys = 'host=h.example&access_id=AK&access_key=SECRET';
/** Nobody listens there. */
const closed = 'host=127.0.0.1:1&access_id=AK&access_key=SECRET';
const notReached = 'can not connect to backup destination';
const running = 'change archive dest when archive is running is not supported';
const items = ['data_backup_dest', 'log_archive_dest', 'log_archive_dest_state', 'log_restore_source'];
const mismatch = 'the content of the format file at the destination does not match';
const noFormat = 'the format file does not exist under the destination';
const source = (text: string) => `Incorrect arguments to ${text}`;

const data = (value: string, as = t) => [as, `ALTER SYSTEM SET DATA_BACKUP_DEST = '${value}'`] as const;
const archive = (value: string, as = t) => [as, `ALTER SYSTEM SET LOG_ARCHIVE_DEST = '${value}'`] as const;
const restoreSource = (value: string) => [t, `ALTER SYSTEM SET LOG_RESTORE_SOURCE = '${value}'`] as const;

/** Who may, and whose destination it is: statements.md 1.5. */
export const targetRefusals: readonly Refusal[] = items.flatMap((name): Refusal[] => [
  [bob, `ALTER SYSTEM SET ${name} = ''`, 1227, needs('ALTER SYSTEM')],
  [t, `ALTER SYSTEM SET ${name} = '' TENANT = t`, 1227, denied],
  [bob, `ALTER SYSTEM SET ${name} = '' TENANT = t`, 1227, denied],
  [sys, `ALTER SYSTEM SET ${name} = ''`, 1235, notSupported],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = sys`, 1235, notSupported],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = META$1002`, 1235, notSupported],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = nobody`, 5160, noSuchTenant],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = all`, 5160, noSuchTenant],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = ALL_USER`, 5160, noSuchTenant],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = all_meta`, 5160, noSuchTenant],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = T`, 5160, noSuchTenant],
  [sys, `ALTER SYSTEM SET ${name} = '' TENANT = shut`, 5260, 'Tenant is locked'],
  // The tenant comes before the value.
  [sys, `ALTER SYSTEM SET ${name} = 'nonsense' TENANT = nobody`, 5160, noSuchTenant],
  [sys, `ALTER SYSTEM SET ${name} = 'nonsense'`, 1235, notSupported],
]);

const path = (length: number) => `file:///${'p'.repeat(length - 'file:///'.length)}`;

/** The text of a destination: statements.md 0.8, destination.md 1. */
export const uriRefusals: readonly Refusal[] = [
  ...[
    '/mnt/backup',
    'nfs:///mnt',
    'FILE:///mnt',
    'File:///mnt',
    'file:/mnt',
    ' file:///mnt',
    'LOCATION=file:///mnt',
    'OSS://b/p',
    'azblob://a/b',
    'x',
  ].map((uri): Refusal => [...data(uri), 9026, badDestination]),
  [...data('file://relative/path'), 9026, 'file://relative/path (not an absolute path) is not a valid uri'],
  [...data('file://./x'), 9026, 'file://./x (not an absolute path) is not a valid uri'],
  [...data('file://'), 1210, invalidArgument],
  [...data('file:///'), 1210, invalidArgument],
  [...data(path(1024)), 9026, badDestination],
  [...data(`file:///a?x=${'y'.repeat(1534)}`), 9026, badDestination],
  [...data('file:///a?b'), 9026, "file destination with ? and 'b' behind it is not a valid uri"],
  [...data('file:///a?token=SECRET'), 9026, "file destination with ? and 'token' behind it is not a valid uri"],
  [...data(`oss://b/p?${keys}&x=${'y'.repeat(2048)}`), 9026, badDestination],
  ...['host=h', 'access_id=a', 'access_key=k', 'delete_mode=delete', 'delete_mode=tagging', keys].map(
    (options): Refusal => [...data(`file:///mnt/x?${options}`), 9026, badDestination],
  ),
  [
    ...data('file:///mnt/x?encrypt_key=ABCD'),
    9026,
    'backup destination contains encrypt_key, which is not a valid uri',
  ],
  [
    ...data(`oss://b/p?${keys}&encrypt_key=00`),
    9026,
    'backup destination contains encrypt_key, which is not a valid uri',
  ],

  [...data('oss://b/p'), 9026, badDestination],
  [...data('oss://b/p?'), 9026, badDestination],
  [...data('oss://b/p?access_id=AK&access_key=SECRET'), 9026, badDestination],
  [...data('oss://b/p?host=h&access_key=SECRET'), 9026, badDestination],
  [...data('oss://b/p?host=h&access_id=AK'), 9026, badDestination],
  [...data('oss://b/p?host=&access_id=AK&access_key=SECRET'), 9026, badDestination],
  [...data('oss://b/p?Host=h&access_id=AK&access_key=SECRET'), 9026, badDestination],
  [...data(`cos://b/p?${keys}`), 9026, badDestination],
  [...data(`cos://b/p?${keys}&appid=`), 9026, badDestination],
  [...data('cos://b/p?host=h&access_id=AK&appid=1'), 9026, badDestination],
  [...data(`oss://b/p?${keys}&delete_mode=shred`), 1210, invalidArgument],
  [...data(`oss://b/p?${keys}&delete_mode=Delete`), 1210, invalidArgument],
  [...data(`cos://b/p?${keys}&appid=1&delete_mode=`), 1210, invalidArgument],
  [...data(`oss://b/p?${keys}&appid=1`), 1210, invalidArgument],
  [...data(`oss://b/p?${keys}&s3_region=eu`), 1210, invalidArgument],
  [...data(`oss://b/p?host=${'h'.repeat(251)}&access_id=AK&access_key=SECRET`), 1210, invalidArgument],
  [...data(`oss://b/p?host=h&access_id=AK&access_key=${'S'.repeat(245)}`), 1210, invalidArgument],
  [...data(`cos://b/p?${keys}&appid=${'1'.repeat(506)}`), 1210, invalidArgument],

  ...['h h', 'ftp://h', 'h:0', 'h/b', 'u:p@h'].map(
    (host): Refusal => [...data(`s3://b/p?host=${host}&access_id=AK&access_key=SECRET`), 9026, badDestination],
  ),
  [...data(`oss://b/../p?${keys}`), 9026, 'oss://b/../p (a name in it is empty, . or ..) is not a valid uri'],
  [...data(`s3://b/p?${keys}&ca_file=/etc/ca.pem`), 9026, /^destination with ca_file whose host does not begin/],

  // Schemes that are ours take no option they do not know.
  [...data('sftp://h/p'), 9026, 'sftp path not of the form user@host[:port]/directory is not a valid uri'],
  [...data('sftp://u:SECRET@h/p?x=y'), 9026, badDestination],
  [...data('cifs://h/s?user=u&color=red'), 1235, "option 'color' of a cifs destination is not supported"],
  [...data('cifs://h/s?user=u&password=SECRET&rest'), 1235, /^an option behind password of a cifs destination is not/],
  [...data('hdfs://n/p?user=u'), 9026, 'hdfs destination without namenode is not a valid uri'],
  [...data('hdfs://n/p?namenode=a&user=u'), 1210, 'Incorrect arguments to namenode'],

  // Buckets that cannot exist are none.
  [...data(`cos://B_/p?${closed}&appid=x`), 9011, 'cannot find backup file'],
  // Texts that are right, and nobody there.
  [...data(`oss://bkt/p/?${closed}&delete_mode=tagging`), 9070, notReached],
  [...data(`cos://bkt/p?${closed}&appid=1250000000`), 9070, notReached],
  [...archive(`LOCATION=s3://bkt/p?${closed}&s3_region=eu-1`), 9070, notReached],
];

/** Items of LOG_ARCHIVE_DEST and the state: statements.md 1.7 and 1.8. */
export const archiveRefusals: readonly Refusal[] = [
  ...[
    'LOCATION=file:///mnt/x CHECKPOINT_INTERVAL=2m',
    'STATE=ENABLE LOCATION=file:///mnt/x',
    'file:///mnt/x',
    `cos://b/p?${keys}&appid=1`,
    'x',
    'LOCATION = file:///mnt/x',
  ].map(
    (value): Refusal => [
      ...archive(value),
      value.startsWith('LOCATION =') ? 1210 : 1235,
      value.startsWith('LOCATION =') ? invalidArgument : notSupported,
    ],
  ),
  [...archive(' '), 1210, invalidArgument],
  [...archive('LOCATION='), 1210, invalidArgument],
  [...archive('LOCATION'), 1210, invalidArgument],
  [...archive('LOCATION=file:///mnt/x BINDING='), 1210, invalidArgument],
  [...archive('LOCATION=file:///mnt/x BINDING=maybe'), 1210, invalidArgument],
  [...archive('LOCATION=file:///mnt/x PIECE_SWITCH_INTERVAL=soon'), 1210, invalidArgument],
  [...archive('LOCATION=file:///mnt/x PIECE_SWITCH_INTERVAL=1w'), 1210, invalidArgument],
  ...['23h', '8d', '0', '604801s', '1s'].map(
    (time): Refusal => [
      ...archive(`LOCATION=file:///mnt/x PIECE_SWITCH_INTERVAL=${time}`),
      1235,
      'invalid piece_switch_interval out of range [1d,7d] is not supported',
    ],
  ),
  [...archive('LOCATION=file:///mnt/x COMPRESSION=lz4'), 1235, notSupported],
  [...archive('BINDING=MANDATORY'), 1235, 'set archive dest without location is not supported'],
  [
    ...archive('PIECE_SWITCH_INTERVAL=2d COMPRESSION=enable'),
    1235,
    'set archive dest without location is not supported',
  ],
  [...archive('LOCATION=nowhere'), 9026, badDestination],
  [...archive('LOCATION=file://relative'), 9026, 'file://relative (not an absolute path) is not a valid uri'],
  // Left to right.
  [...archive('LOCATION=nowhere BINDING=maybe'), 9026, badDestination],
  [...archive('BINDING=maybe LOCATION=nowhere'), 1210, invalidArgument],
  [...archive('CHECKPOINT_INTERVAL=2m LOCATION=nowhere'), 1235, notSupported],
  // The text comes before the round.
  [...archive('LOCATION=nowhere', 'root@kit'), 9026, badDestination],
  [...archive('LOCATION=file://$DIR/kit/log2', 'root@kit'), 1235, running],
  [...archive('LOCATION=file://$DIR/kit/log', 'root@kit'), 1235, running],
  [...archive('', 'root@kit'), 1235, running],
  [sys, "ALTER SYSTEM SET LOG_ARCHIVE_DEST = '' TENANT = kit", 1235, running],
  // Accepted without effect elsewhere, refused here.
  [t, "ALTER SYSTEM SET LOG_ARCHIVE_DEST_1 = 'LOCATION=file://$DIR/one'", 1235, 'log_archive_dest_1 is not supported'],
  [sys, "ALTER SYSTEM SET log_archive_dest_8 = '' TENANT = t", 1235, 'log_archive_dest_8 is not supported'],
  [t, "ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE_2 = 'ENABLE'", 1235, 'log_archive_dest_state_2 is not supported'],
  [t, "ALTER SYSTEM SET LOG_ARCHIVE_DEST_9 = ''", 5099, 'System config unknown'],

  ...['', 'ENABLED', 'DISABLE', 'ALTERNATE', ' DEFER', '1'].map(
    (state): Refusal => [t, `ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = '${state}'`, 1210, invalidArgument],
  ),
];

const listText = source('set ip list config, please check the length and format of ip list');
const userText = source('set user config, please check the length and format of username, tenant name');
const missingText = source('parse log restore source config, please check the config parameters');

/** LOG_RESTORE_SOURCE: statements.md 1.9. */
export const restoreSourceRefusals: readonly Refusal[] = [
  [...restoreSource('USER=repl@p PASSWORD=SECRET'), 1210, source('log restore source type')],
  [...restoreSource('file:///mnt/x'), 1210, source('log restore source type')],
  [...restoreSource('LOCATION=file:///mnt/x SERVICE=10.9.8.7:2881'), 1210, source('log restore source type')],
  [...restoreSource('LOCATION=file:///mnt/x BINDING=OPTIONAL'), 1235, notSupported],
  [...restoreSource('LOCATION = file:///mnt/x'), 1235, notSupported],
  [...restoreSource('LOCATION=/mnt/x'), 9026, badDestination],
  [...restoreSource('SERVICE=10.9.8.7 USER=repl@p PASSWORD=SECRET'), 1210, listText],
  [...restoreSource('SERVICE=10.9.8.7:99999 USER=repl@p PASSWORD=SECRET'), 1210, listText],
  [...restoreSource('SERVICE=10.9.8.7:2881,10.9.8.8:2881 USER=repl@p PASSWORD=SECRET'), 1210, listText],
  [...restoreSource('SERVICE= USER=repl@p PASSWORD=SECRET'), 1210, listText],
  [...restoreSource('SERVICE=10.9.8.7:2881 USER=repl PASSWORD=SECRET'), 1210, userText],
  [...restoreSource('SERVICE=10.9.8.7:2881 USER=@p PASSWORD=SECRET'), 1210, userText],
  [...restoreSource('SERVICE=10.9.8.7:2881 PASSWORD=SECRET'), 1210, missingText],
  [...restoreSource('SERVICE=10.9.8.7:2881 USER=repl@p'), 1210, missingText],
  [...restoreSource('SERVICE=10.9.8.7:2881 USER=repl@p PASSWORD='), 1210, missingText],
  [
    ...restoreSource('LOCATION=file://$DIR/nothing'),
    9011,
    'Incorrect arguments to access the log restore source location',
  ],
  [
    ...restoreSource('SERVICE=10.9.8.7:2881;10.9.8.8:2881 USER=repl@p PASSWORD=SECRET'),
    1235,
    'set log restore source to a service is not supported',
  ],
];

/** What lies at the destination: destination.md 3. `destinations.test.ts` lays it out. */
export const contentRefusals: readonly Refusal[] = [
  [...data('file://$DIR/used'), 9080, noFormat],
  [...data('file://$DIR/used/'), 9080, noFormat],
  [sys, "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/used' TENANT = t", 9080, noFormat],
  [...data('file://$DIR/hidden'), 9080, noFormat],
  [...data('file://$DIR/nested'), 9080, noFormat],
  [...data('file://$DIR/kit'), 9080, noFormat],
  [...archive('LOCATION=file://$DIR/used'), 9080, noFormat],
  // Somebody else's, of the other kind, or not where it was written.
  [...data('file://$DIR/kit/data'), 9081, mismatch],
  [sys, "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/kit/data/' TENANT = t", 9081, mismatch],
  [...archive('LOCATION=file://$DIR/kit/log'), 9081, mismatch],
  [...data('file://$DIR/kit/log', 'root@kit'), 9081, mismatch],
  [...archive('LOCATION=file://$DIR/t/data'), 9081, mismatch],
  [...data('file://$DIR/copy'), 9081, mismatch],
  [...data('file://$DIR/t//data'), 9081, mismatch],
  [...data('file://$DIR/othercluster'), 9081, mismatch],
  // A format file that cannot be read.
  [...data('file://$DIR/flipped'), 4103, 'Data checksum error'],
  [...data('file://$DIR/blank'), 4016, 'stored file is empty'],
  [...data('file://$DIR/short'), 1210, invalidArgument],
  // No directory.
  [...data('file://$DIR/file'), 4009, 'IO error'],
  [...data('file://$DIR/file/below'), 1086, 'File already exist'],
  [...archive('LOCATION=file://$DIR/file'), 4009, 'IO error'],
];
