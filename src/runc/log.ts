// What tlab-runc has to say goes to one place: the file that --log names, where the shim looks, or else standard error.
// Rule: never to both. During `create` standard error is the container's own, and only its program may write there.
import { appendFileSync } from 'node:fs';
import type { GlobalOptions } from './verbs/verb.ts';

type Level = 'error' | 'warning';

/** False when there is no log, or it cannot be written: then the caller says it on standard error. */
export function appendLog(level: Level, message: string, { log, isJsonLog }: GlobalOptions): boolean {
  if (log === undefined) return false;
  const time = new Date().toISOString();
  const line = isJsonLog
    ? JSON.stringify({ level, msg: message, time })
    : `time="${time}" level=${level} msg=${JSON.stringify(message)}`;
  try {
    appendFileSync(log, `${line}\n`);
    return true;
  } catch {
    return false;
  }
}

export function warn(message: string, options: GlobalOptions): void {
  if (!appendLog('warning', message, options)) process.stderr.write(`tlab-runc: warning: ${message}\n`);
}
