// tlab image inspect: `tlab inspect` among images alone.
import { inspectCommand } from '../inspect.ts';

export default inspectCommand('image');
