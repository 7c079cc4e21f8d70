// Hands signals that the CLI gets to the container's program, as if it had got them itself.
// @source docker-run --sig-proxy: SIGCHLD, SIGKILL and SIGSTOP cannot be handed on

const proxied: readonly NodeJS.Signals[] = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGCONT',
  'SIGTSTP',
];

/** `deliver` is called for each signal until the result is disposed of. */
export function proxySignals(deliver: (signal: NodeJS.Signals) => void): Disposable {
  for (const signal of proxied) process.on(signal, deliver);
  return {
    [Symbol.dispose]() {
      for (const signal of proxied) process.off(signal, deliver);
    },
  };
}
