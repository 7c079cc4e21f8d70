// Commands whose code is a bundle of its own (scripts/build.ts): those of every day, for which people wait, load nothing of lessons, viewers and tracer.
// Rule: names of one word; the rest of the catalogue is in the other bundle, and is never reached from this one.

export const quickCommands: ReadonlySet<string> = new Set([
  ...['run', 'create', 'start', 'stop', 'kill', 'restart', 'pause', 'unpause', 'rm', 'ps', 'logs', 'exec', 'attach'],
  ...['wait', 'top', 'port', 'rename', 'inspect', 'cp', 'diff', 'export', 'commit'],
  ...['images', 'build', 'pull', 'push', 'tag', 'history', 'save', 'load', 'import', 'rmi', 'version', 'info'],
]);
