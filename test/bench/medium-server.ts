import type { MediumServerModule } from '../media/servers/fixture.ts';

/** Runs the server of a scheme in a process of its own: says the address of an empty root as JSON, ends with its standard input. */
const module = (await import(`../media/servers/${process.argv[2]}.ts`)) as MediumServerModule;
const refusal = (await module.refusal?.()) ?? null;
if (refusal !== null) {
  process.stdout.write(`${JSON.stringify({ refusal })}\n`);
  process.exit(0);
}
const server = await module.start();
const { address } = await server.openRoot();
process.stdout.write(`${JSON.stringify({ address })}\n`);
process.stdin.on('end', () => void server.end().then(() => process.exit(0)));
process.stdin.resume();
