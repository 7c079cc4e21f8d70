// Events of levels 0 to 2 that are neither operations of the plan nor messages: kernel objects, layers, files, states.
import type { TraceEvent } from '../trace/file.ts';
import type { WordsRow } from './words-row.ts';

const text = ({ data }: TraceEvent, name: string): string => {
  const value = data[name];
  return value === undefined || value === null ? '' : Array.isArray(value) ? value.join(' ') : String(value);
};
const is =
  (...types: string[]) =>
  (event: TraceEvent): boolean =>
    types.includes(event.type);
const runs = (pattern: RegExp) => (event: TraceEvent) =>
  event.type === 'kernel.process-executed' && pattern.test(`${text(event, 'executable')} ${text(event, 'argv')}`);
const holdsNamespace = (event: TraceEvent): boolean => text(event, 'target').includes('/netns/');
const isRoot = (event: TraceEvent): boolean => /\/rootfs$/.test(text(event, 'target'));
const writes = (pattern: RegExp) => (event: TraceEvent) =>
  event.type === 'kernel.file-written' && pattern.test(text(event, 'path'));

export const eventRows: readonly WordsRow<TraceEvent>[] = [
  {
    id: 'event-network-namespace-kept',
    when: (e) => e.type === 'kernel.network-namespace-created' && e.data.of !== undefined,
    does: (e) =>
      `Keeps the network namespace that process ${text(e, 'of')} has made, by a bind mount of /proc/${text(e, 'of')}/ns/net on ${text(e, 'path')}.`,
    now: "After the runtime's clone or unshare has made it, and before the program starts: its links and addresses are set up meanwhile.",
    without: 'The namespace would end with its last process, and could not be entered by a path.',
    shows: ['NET-1', 'STK-5', 'STK-15'],
    source: 'man network_namespaces(7)',
  },
  {
    id: 'event-network-namespace-mapped',
    when: (e) => e.type === 'kernel.network-namespace-created' && e.data.user !== undefined,
    does: (e) => {
      const { path, uidMap } = e.data.user as { path: string; uidMap: string };
      return `Makes a user namespace (ids ${uidMap.trim().replaceAll('\n', ', ')}: inside, outside, count) and a network namespace that belongs to it; bind mounts on ${path} and ${text(e, 'path')} hold them.`;
    },
    now: 'Before the container, which joins both by path. Both at once: a network namespace belongs for good to the user namespace in which it was made.',
    without:
      'Root in the container would have no rights over its own network: no sysctl of it could be written, no address added, no sysfs mounted.',
    shows: ['NET-1', 'KRN-14', 'STK-5'],
    source: 'man user_namespaces(7)',
  },
  {
    id: 'event-network-namespace',
    when: is('kernel.network-namespace-created'),
    does: (e) => `Makes a network namespace and holds it by a bind mount on ${text(e, 'path')}.`,
    now: 'Before the container: its network is whole when the runtime is called, and config.json names this path.',
    without: 'The container would have no network of its own. No pause process is needed to hold it: the mount does.',
    shows: ['NET-1', 'STK-5', 'STK-15'],
    source: 'man network_namespaces(7)',
  },
  {
    id: 'event-cgroup-made',
    when: is('kernel.cgroup-made'),
    does: (e) => `Makes the cgroup ${text(e, 'path')}: a directory is a group, the kernel fills it with its files.`,
    now: 'Before limits are written into it and a process is put there.',
    without: 'There would be nowhere to write limits, and usage could not be told from that of others.',
    shows: ['KRN-3', 'KRN-6'],
    source: 'man cgroups(7)',
  },
  {
    id: 'event-cgroup-removed',
    when: is('kernel.cgroup-removed'),
    does: (e) => `Removes the cgroup ${text(e, 'path')}.`,
    now: 'After its last process is gone: before that the kernel answers EBUSY.',
    without: 'Empty cgroups would pile up; each costs kernel memory.',
    shows: ['KRN-3'],
    source: 'man cgroups(7)',
  },
  {
    id: 'event-overlay-unmounted',
    when: is('kernel.mount-detached'),
    does: (e) => `Unmounts ${text(e, 'target')}.`,
    now: (e) =>
      holdsNamespace(e)
        ? 'After the container is gone, whose network namespace this mount held.'
        : isRoot(e)
          ? 'After the process is gone. Its writable layer stays on disk: stop keeps it, rm deletes it.'
          : 'When nobody needs what was mounted there any more.',
    without: (e) =>
      holdsNamespace(e)
        ? 'The namespace would live on with nobody in it, and its end of the veth pair with it.'
        : isRoot(e)
          ? 'The mount would hold its layers: neither snapshot nor image could be removed.'
          : 'The mount would stay, and with it all that it keeps busy.',
    shows: ['STO-3', 'STO-1'],
    source: 'man umount2(2)',
  },
  {
    id: 'event-chain-made',
    when: is('kernel.chain-made'),
    does: (e) => `Makes (or empties) the chain ${text(e, 'chain')} in the table ${text(e, 'table')}.`,
    now: 'Before any rule is put into it or jumps to it.',
    without:
      'The rules would have to stand in the built-in chains, among those of others, and could not be taken away as one.',
    shows: ['NET-2'],
    source: 'man iptables(8)',
  },
  {
    id: 'event-rule-removed',
    when: is('kernel.chain-removed', 'kernel.rule-removed'),
    does: (e) =>
      `Takes away ${e.type === 'kernel.rule-removed' ? `the rule ${text(e, 'rule')} of` : 'the chain'} ${text(e, 'chain')}.`,
    now: 'When the container or network that it served is gone.',
    without: 'Its port would go on being sent to an address that may be given to another container.',
    shows: ['NET-2'],
    source: 'man iptables(8)',
  },
  {
    id: 'event-ip-forward',
    when: writes(/ip_forward$/),
    does: 'Switches forwarding on: this host passes packets between its interfaces, it is a router now.',
    now: 'Before the first container: the bridge is one interface, the way out another.',
    without: 'Containers could reach the host and each other, and nothing beyond.',
    shows: ['NET-3'],
    source: 'kernel networking/ip-sysctl.rst ip_forward',
  },
  {
    id: 'event-route-localnet',
    when: writes(/route_localnet$/),
    does: 'Lets packets from 127.0.0.1 be sent on into the bridge.',
    now: 'For published ports that are asked for at 127.0.0.1. A rule in the raw table closes the hole that it would open for containers.',
    without: '`curl 127.0.0.1:8080` on the host would not reach the container without a user-space proxy.',
    shows: ['NET-2'],
    source: 'kernel networking/ip-sysctl.rst route_localnet',
  },
  {
    id: 'event-ipv6-off',
    when: writes(/disable_ipv6$/),
    does: "Switches IPv6 off in the container's network namespace.",
    now: 'Before a link is up there: otherwise it would get a link-local address first.',
    without: 'Programs would find IPv6 addresses that lead nowhere, since the network has no IPv6 subnet.',
    shows: ['NET-1'],
    source: 'kernel networking/ip-sysctl.rst disable_ipv6',
  },
  {
    id: 'event-file-written',
    when: is('kernel.file-written'),
    does: (e) => `Writes ${text(e, 'value')} to ${text(e, 'path')}, a setting of the kernel.`,
    without: "The kernel's value would stay.",
    source: 'man proc_sys(5)',
  },
  {
    id: 'event-iptables',
    when: runs(/iptables|nft/),
    does: (e) =>
      `Runs ${text(e, 'executable')}, which ${/save/.test(text(e, 'executable')) ? 'prints every rule that is there' : 'changes rules of the packet filter'}.`,
    now: "What is there is read first; then all changes go in with one call of iptables-restore --noflush: each table whole or not at all, and nobody else's rule is touched.",
    without: 'No rule would reach the kernel: published ports and the way out would not work.',
    shows: ['NET-2', 'NET-3'],
    source: 'man iptables-restore(8)',
  },
  {
    id: 'event-runtime',
    when: runs(/(^|[/ ])(tlab-)?(runc|crun|runsc)( |$)/),
    does: (e) =>
      `The shim runs the OCI runtime: ${/ (create|start|kill|delete|state|exec|pause|resume|update|ps)\b/.exec(text(e, 'argv'))?.[1] ?? 'a verb'}. It is a command that ends, not a service.`,
    now: '`create` sets everything up and waits, `start` lets the program go, `delete` clears away.',
    without:
      'Nothing would make the container. Any program with this command line can stand here: that is what the runtime specification gives.',
    shows: ['OCI-3', 'OCI-5', 'STK-6'],
    source: 'oci-runtime runtime#lifecycle',
  },
  {
    id: 'event-executed',
    when: is('kernel.process-executed'),
    does: (e) => `Runs ${text(e, 'argv')}.`,
    shows: ['STK-1'],
    source: 'man execve(2)',
  },
  {
    id: 'event-exited',
    when: is('kernel.process-exited'),
    does: (e) => `A process ended with ${text(e, 'status')}; its parent has taken the status.`,
    shows: ['CTD-5', 'DMN-9'],
    source: 'man wait(2)',
  },
  {
    id: 'event-spec',
    when: is('daemon.spec-generated'),
    does: "The daemon writes config.json: the request, the image's configuration and named defaults become one document that a runtime can execute.",
    now: 'After the image and the network are ready, since both are named in it; before containerd is asked for a task.',
    without:
      'The runtime would not know what to make. That containerd writes the spec is often said; in Docker the daemon does, and containerd stores it.',
    shows: ['OCI-3', 'STK-1'],
    source: 'oci-runtime config',
  },
  {
    id: 'event-plan',
    when: is('runc.plan-compiled', 'runc.plan-executed', 'containerd.plan-written'),
    does: 'config.json becomes a plan: a flat list of kernel operations in the order of execution, each with the line that causes it.',
    now: 'Before the runtime is called: it executes the plan and decides nothing. Real runc does the same in one program.',
    without: "The order, which is where most of a runtime's security lies, could not be read beforehand.",
    shows: ['OCI-3', 'KRN-6'],
    source: 'oci-runtime runtime#lifecycle',
  },
  {
    id: 'event-seccomp',
    when: is('runc.seccomp-compiled'),
    does: "The seccomp profile becomes a BPF program, by libseccomp, for this machine's system call numbers.",
    now: 'With the plan: afterwards only bytes are installed.',
    without: 'Nothing could be installed: the kernel takes BPF, not names.',
    shows: ['KRN-9'],
    source: 'man seccomp(2)',
  },
  {
    id: 'event-snapshot',
    when: (e) => e.type.startsWith('containerd.snapshot-'),
    does: (e) =>
      e.type.endsWith('committed')
        ? 'Freezes a snapshot: from here on it is a layer that others build on.'
        : e.type.endsWith('removed')
          ? 'Removes a snapshot: what the container had written is gone.'
          : 'Prepares a snapshot: a new writable directory above a chain of layers. Nothing is copied, nothing is mounted yet.',
    now: "A container gets its own above the image's layers; while an image is unpacked each layer is prepared, filled and committed.",
    without: 'There would be no root filesystem, or two containers would write into the same one.',
    shows: ['CTD-4', 'STO-1', 'STO-3'],
    source: 'containerd snapshots',
  },
  {
    id: 'event-registry-asked',
    when: (e) => /\.registry-asked$/.test(e.type),
    does: (e) => `Asks ${text(e, 'registry')} over HTTP: ${text(e, 'why')}.`,
    now: 'Manifests before what they name on a pull, and after it on a push; a blob is looked for before it is sent.',
    without: 'Nothing would be known of the image, or the registry would name something of which a part is missing.',
    shows: ['REG-1', 'REG-2', 'OCI-4'],
    source: 'oci-distribution endpoints',
  },
  {
    id: 'event-registry-token',
    when: (e) => /\.registry-token-received$/.test(e.type),
    does: (e) => `Has a token of ${text(e, 'realm')}, as ${text(e, 'as')}, for this repository and a few minutes.`,
    now: 'The registry answered 401 and named the realm; the password goes only there, and only if it is of the same domain.',
    without: 'The registry would refuse; or the password would go with every request.',
    shows: ['REG-1'],
    source: 'docker-registry spec/auth/token',
  },
  {
    id: 'event-registry-waited',
    when: (e) => /\.registry-waited$/.test(e.type),
    does: 'Waits, then asks again: the registry had no time (429, 5xx) or the connection broke.',
    now: 'As long as Retry-After or RateLimit-Reset say; else twice as long each time, with some chance in it.',
    without: 'Many clients would come back at the same moment, and be refused again.',
    shows: ['REG-4', 'REG-7'],
    source: 'oci-distribution error-codes: TOOMANYREQUESTS',
  },
  {
    id: 'event-pushed',
    when: (e) => /^containerd\.(blob-(there|mounted|uploaded)|manifest-pushed)$/.test(e.type),
    does: 'A piece of a push is at the registry: it was there, another repository lent it, or it was sent.',
    now: 'Blobs first, the manifest with the tag last.',
    without: 'Who pulls the name meanwhile would get an image with holes.',
    shows: ['REG-2', 'OCI-4'],
    source: 'oci-distribution spec#push',
  },
  {
    id: 'event-layer',
    when: (e) => /^containerd\.(layer|blob|image)-/.test(e.type),
    does: 'A piece of the image is found, fetched, verified against its digest, or unpacked.',
    now: 'Manifest, then configuration, then layers; a layer is unpacked only after its digest fits.',
    without: 'The image would be incomplete, or not the one that the digest names.',
    shows: ['REG-1', 'CTD-1'],
    source: 'oci-distribution spec#pull',
  },
  {
    id: 'event-own-file',
    when: is('daemon.file-written'),
    does: (e) => `The daemon writes ${text(e, 'what')} for the container: ${text(e, 'path')}.`,
    now: 'Before config.json names it as a bind mount.',
    without: "The image's own file would show: no resolver, no own name.",
    shows: ['NET-4', 'STO-4'],
    source: 'docker-run --dns',
  },
  {
    id: 'event-state',
    when: (e) => /\.(container-state|state|task-state|process|pipeline-state)-?changed$/.test(e.type),
    does: (e) => `The state changes${text(e, 'from') === '' ? '' : ` from ${text(e, 'from')}`} to ${text(e, 'to')}.`,
    now: 'Only what the machine of states allows; every layer has its own: container, task, process, runtime.',
    without: 'Two requests at once (start and remove) could both begin.',
    shows: ['DMN-5', 'OCI-3'],
    source: 'oci-runtime runtime#state',
  },
  {
    id: 'event-streams',
    when: is('daemon.fifo-made', 'shim.stdio-opened'),
    does: (e) =>
      e.type === 'daemon.fifo-made'
        ? 'Makes a named pipe for each standard stream of the container: the daemon holds one end, the shim will open the other.'
        : 'The shim opens the named pipes and puts pipes or a terminal of its own between them and the container.',
    now: 'Before the runtime runs: the process inherits its streams, nothing can be handed to it later.',
    without:
      "The output would have nowhere to go. With the daemon's own pipes instead, a restart of it would cut the streams.",
    shows: ['CTD-5'],
    source: 'containerd runtime v2',
  },
  {
    id: 'event-exit-recorded',
    when: is('shim.exit-recorded'),
    does: (e) =>
      `The shim has reaped the container's process and keeps its status${text(e, 'status') === '' ? '' : `, ${text(e, 'status')}`}.`,
    now: 'As soon as the process has ended. Whoever waits is told; who asks later gets the same answer.',
    without: 'A daemon or containerd that was restarted meanwhile could not say how the container ended.',
    shows: ['CTD-5', 'DMN-9'],
    source: 'containerd runtime v2',
  },
  {
    id: 'event-shim',
    when: is('containerd.shim-started', 'shim.server-started', 'shim.server-joined'),
    does: 'The shim is set up: one small process beside each container, or beside a group of them, which keeps streams and exit status.',
    now: 'Before the runtime runs, since the shim is what calls it, and what adopts the container when it exits.',
    without: "A restart of daemon or containerd would take the container's streams and its exit status along.",
    shows: ['CTD-5', 'STK-6'],
    source: 'containerd runtime v2',
  },
  {
    id: 'event-command',
    when: is('cli.command-started', 'cli.command-ended'),
    does: 'The command that you typed: it turns flags into requests, and everything else is done by others.',
    shows: ['STK-10', 'STK-1'],
    source: 'docker-run',
  },
];
