import { spawn } from 'node:child_process';
import { type S3Double, s3Keys } from './servers/s3-double.ts';

/**
 * Runs the body of a function over a medium of `dest` in the bucket, in a process of its own with so small a heap; its result. What
 * is measured, and limited, is the client's memory alone.
 */
export function runS3Client(
  double: S3Double,
  bucket: string,
  heapMb: number,
  body: string,
  env: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const address = {
    scheme: 's3',
    path: `s3://${bucket}/dest`,
    host: `127.0.0.1:${double.port}`,
    authorization: s3Keys,
    options: {},
  };
  const script = `
    const { openS3Medium } = await import(${JSON.stringify(new URL('../../src/media/s3-medium.ts', import.meta.url).href)});
    const medium = openS3Medium(${JSON.stringify(address)});
    const work = async () => {${body}};
    console.log(JSON.stringify(await work()));
    await medium.close();`;
  const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    timeout: 170_000,
  });
  let [out, complaints] = ['', ''];
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    complaints += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(out));
      else reject(new Error(`the client ended with ${code}: ${complaints.slice(-2_000)}`));
    });
  });
}
