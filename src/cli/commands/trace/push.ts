// `tlab trace push`: exactly `tlab push`, and every step of it recorded and told.
import { defineCommand } from '../../command.ts';
import { traced } from '../../trace/traced.ts';
import push from '../push.ts';

export default defineCommand(
  traced(push, {
    says: 'Pushes as `tlab push` does and records each step: every request to the registry with its curl, which blobs were there, lent or sent, and the manifest last.',
    examples: [{ says: 'which layers are really sent', line: 'tlab trace push localhost:5000/web' }],
  }),
);
