// What is too long for every commit takes turns: each commit proves its share, by its own id, so that a run can be had again.
// TLAB_PROOFS=all takes everything.
import { spawnSync } from 'node:child_process';

const commit = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout.trim();

/** Which of `turns` is that of this commit, from 0. */
const turnOf = (turns: number): number => (Number.parseInt(commit.slice(0, 8), 16) || 0) % turns;

/** Whether the one at `place` is looked at in this commit. */
export const isInTurn = (place: number, turns: number): boolean =>
  process.env.TLAB_PROOFS === 'all' || place % turns === turnOf(turns);
