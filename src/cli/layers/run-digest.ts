// Executes a command of `tlab digest` by sh, as a person would, and takes the digits that it prints.
import { spawn } from 'node:child_process';
import { LabError } from '../../base/errors.ts';

/** A digest of the algorithm that the command's last program computes. Errors: internal when it prints none or fails. */
export async function runDigest(command: string): Promise<string> {
  const child = spawn('sh', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out = (out + text).slice(0, 4096);
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4096);
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const hex = /^[0-9a-f]{64}(?:[0-9a-f]{64})?\b/.exec(out)?.[0];
  if (status !== 0 || hex === undefined || said.trim() !== '') {
    throw new LabError('internal', `${command}: ${said.trim() || `status ${status}, no digest`}`);
  }
  return `${hex.length === 128 ? 'sha512' : 'sha256'}:${hex}`;
}
