// `tlab trace cp`: exactly `tlab cp`, and every step of it recorded and told.
import { defineCommand } from '../../command.ts';
import { traced } from '../../trace/traced.ts';
import cp from '../cp.ts';

export default defineCommand(
  traced(cp, {
    says: 'Copies as `tlab cp` does and records each step: what each end is, the archive, and the system calls that pack and unpack it.',
    examples: [{ says: 'what a copy does', line: 'tlab trace cp web:/etc/nginx/nginx.conf .' }],
  }),
);
