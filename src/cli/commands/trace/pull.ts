// `tlab trace pull`: exactly `tlab pull`, and every step of it recorded and told.
import { defineCommand } from '../../command.ts';
import { traced } from '../../trace/traced.ts';
import pull from '../pull.ts';

export default defineCommand(
  traced(pull, {
    says: 'Pulls as `tlab pull` does and records each step: every request to the registry with its curl, the token, each layer fetched, verified and unpacked.',
    examples: [{ says: 'what is asked of a registry', line: 'tlab trace pull --level 1 localhost:5000/web' }],
  }),
);
