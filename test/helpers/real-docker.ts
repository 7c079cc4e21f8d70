// A real dockerd of its own: own folders, own socket, own network namespace, so that it meets neither a dockerd of the host nor tlab.
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { must, run, start } from './shell.ts';
import { waitUntil } from './wait.ts';

export interface RealDocker {
  /** Arguments that lead the docker command line to it. */
  host: string[];
  /** Arguments of nsenter that lead into its network namespace. */
  enter: string[];
  docker(...args: string[]): Promise<string>;
  stop(): Promise<void>;
}

/** Starts it with an image `busybox` made from Debian's busybox-static. */
export async function startRealDocker(): Promise<RealDocker> {
  const root = mkdtempSync('/var/tmp/tlab-docker-');
  const log = `${root}/dockerd.log`;
  const socket = `unix://${root}/docker.sock`;
  // unshare, not `ip netns exec`: that one mounts a new /sys, and the cgroup hierarchies are gone from it.
  const flags = `--data-root ${root}/data --exec-root ${root}/exec --pidfile ${root}/pid -H ${socket} --storage-driver overlay2`;
  const daemon = start('unshare', ['--net', 'sh', '-c', `ip link set lo up && exec dockerd ${flags}`], {
    log: openSync(log, 'w'),
  });
  const host = ['-H', socket];
  const stop = async (): Promise<void> => {
    await daemon.stop();
    await run('sh', ['-c', `grep -o '${root}[^ ]*' /proc/self/mounts | xargs -r -n1 umount -l`]);
    rmSync(root, { recursive: true, force: true });
  };
  try {
    await waitUntil(async () => (await run('/usr/bin/docker', [...host, 'info'])).status === 0, {
      what: 'dockerd to answer',
      deadlineMs: 30_000,
    });
    await must('sh', ['-c', `tar -C / -c bin/busybox | /usr/bin/docker ${host.join(' ')} import - busybox-base`]);
    await must('/usr/bin/docker', [...host, 'build', '-q', '-t', 'busybox', '-'], {
      input: 'FROM busybox-base\nRUN ["/bin/busybox", "--install", "/bin"]\nENV PATH=/bin\nCMD ["sh"]\n',
      env: { DOCKER_BUILDKIT: '0' },
    });
  } catch (error) {
    const said = readFileSync(log, 'utf8').split('\n').slice(-15).join('\n');
    await stop();
    throw new Error(`a dockerd of our own: ${(error as Error).message}\n${said}`, { cause: error });
  }
  return {
    host,
    enter: [`--net=/proc/${daemon.pid}/ns/net`],
    docker: (...args) => must('/usr/bin/docker', [...host, ...args]),
    stop,
  };
}
