// tlab container inspect: `tlab inspect` among containers alone.
import { inspectCommand } from '../inspect.ts';

export default inspectCommand('container');
