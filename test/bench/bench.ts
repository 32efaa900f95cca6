import { parseArgs } from 'node:util';
import { describeMachine } from './machine.ts';
import { type Line, table } from './measurement.ts';
import { builtMain, isBuilt, sourceMain } from './obvault-process.ts';
import type { BenchContext, BenchPart } from './part.ts';
import { archiveLag } from './part-archive.ts';
import { commits } from './part-commits.ts';
import { copy } from './part-copy.ts';
import { fairness } from './part-fairness.ts';
import { incremental } from './part-incremental.ts';
import { manyTenants } from './part-many.ts';
import { media } from './part-media.ts';
import { memory } from './part-memory.ts';
import { peers } from './part-peers.ts';
import { selectOne, viewQueries } from './part-queries.ts';
import { start } from './part-start.ts';
import { validate } from './part-validate.ts';
import { PeerMissing } from './peers.ts';
import { openScratch } from './scratch.ts';

const usage = `usage: npm run bench -- [--only a,b,c,d,e,f,g,h,i,m,p,r,v] [--rounds N] [--seconds N] [--mb N] [--built] [--json]

  a  view query over 16 connections against MariaDB     d  start and memory of the server
  b  SELECT 1 over one connection against MariaDB       e  commits with archiving against without
  c  backup and restore against zstd                    f  incremental backup against full
  g  archive lag at a constant pace, writers with archiving against without
  h  what others feel of a scan and a backup            i  three thousand tenants in one server
  m  objects pushed to S3, OSS and COS against the vendors' clients alone
  p  backup, restore, verify and incremental beside restic, borg, mydumper and pgBackRest
  r  resident memory of each job above the idle server, a server for each (10 GB: --only r --mb 10240)
  v  VALIDATE of a set and of its log against reading the same bytes

  --rounds N   interleaved rounds, the best counts (default 3)
  --seconds N  length of one round of a query load (default 4)
  --mb N       size of the tenant of parts c, f, p, r, v and (at most 256) h (default 1024)
  --built      measure what 'npm run build' made instead of the sources (d measures both)
  --json       the report as JSON on standard output, progress on standard error
`;

const parts: Readonly<Record<string, BenchPart>> = {
  a: viewQueries,
  b: selectOne,
  c: copy,
  d: start,
  e: commits,
  f: incremental,
  g: archiveLag,
  h: fairness,
  i: manyTenants,
  m: media,
  p: peers,
  r: memory,
  v: validate,
};

/** Exit code 0 when everything that was asked for was measured, whatever the numbers; 1 when something does not work. */
const { values } = parseArgs({
  options: {
    only: { type: 'string', default: Object.keys(parts).join(',') },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    mb: { type: 'string', default: '1024' },
    built: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
});
const wanted = values.only.split(',');
const numbers = [values.rounds, values.seconds, values.mb].map(Number);
if (values.help || wanted.some((name) => parts[name] === undefined) || numbers.some((value) => !(value > 0))) {
  process.stdout.write(usage);
  process.exit(values.help ? 0 : 2);
}

const report = (line: string) => (values.json ? process.stderr : process.stdout).write(`${line}\n`);
const [rounds = 3, seconds = 4, megabytes = 1024] = numbers;
if (values.built && !isBuilt()) {
  process.stderr.write('there is no build: run `npm run build` first\n');
  process.exit(1);
}
const main = values.built ? builtMain : sourceMain;
const context: BenchContext = { scratch: openScratch(), main, rounds, seconds, megabytes, report };
const lines: Line[] = [];
const failures: string[] = [];
for (const name of wanted) {
  report(`part ${name}`);
  try {
    lines.push(...(await parts[name]!(context)));
  } catch (error) {
    const text = error instanceof PeerMissing ? error.message : String((error as Error).stack ?? error);
    failures.push(`part ${name}: ${text}`);
    report(`  FAILED: ${text}`);
  }
  await context.scratch.clear();
}
const machine = describeMachine();
if (values.json) process.stdout.write(`${JSON.stringify({ machine, lines, failures }, null, 2)}\n`);
else {
  report(
    `\n${Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}\n`,
  );
  report(table(lines));
  for (const failure of failures) report(`\nnot measured: ${failure}`);
}
process.exit(failures.length === 0 ? 0 : 1);
