// The lines of a Dockerfile around the one that an error belongs to.
import { fit, printable } from '../../base/text.ts';

const linesAround = 2;

/** `  3 | RUN make`, the guilty ones with `>` in front. Empty when the line is not known. */
export function excerptOf(dockerfile: string, data: Record<string, unknown> | undefined, width: number): string[] {
  const line = data?.line;
  if (typeof line !== 'number') return [];
  const last = typeof data?.endLine === 'number' ? Math.min(data.endLine, line + 8) : line;
  const lines = dockerfile.split('\n');
  if (line < 1 || line > lines.length) return [];
  const from = Math.max(1, line - linesAround);
  const to = Math.min(lines.length, last + linesAround);
  const digits = String(to).length;
  return Array.from({ length: to - from + 1 }, (_, index) => {
    const number = from + index;
    const mark = number >= line && number <= last ? '>' : ' ';
    const text = printable((lines[number - 1] ?? '').replace(/\r$/, '')).replaceAll('\\t', '    ');
    return fit(`${mark} ${String(number).padStart(digits)} | ${text}`, width).trimEnd();
  });
}
