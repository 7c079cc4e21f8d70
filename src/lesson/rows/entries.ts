// What each entry of the course holds: its kind, what is claimed or asked, what a correct answer has, and what shows it.
// Rule: a row's words are the course's own; its title stands in explain/syllabus.ts, and a test holds that both have the same ids.

/** myth: commonly taught, wrong or out of date. flow: something that goes from stage to stage. */
export type EntryKind = 'fact' | 'myth' | 'flow' | 'question' | 'triage' | 'incident' | 'mistake' | 'compare';

export interface EntryRow {
  kind: EntryKind;
  says: string;
  truth: string;
  shows: string;
}

export const entries: Readonly<Record<string, EntryRow>> = {
  'STK-1': {
    kind: 'flow',
    says: 'The chain behind `run`: CLI, daemon, containerd, shim, OCI runtime, kernel.',
    truth:
      'Each hop is another process with its own protocol: HTTP over a unix socket, gRPC, ttrpc, an exec of the runtime with a bundle, system calls.',
    shows: 'One trace whose events name stage, process id and protocol for every hop.',
  },
  'STK-2': {
    kind: 'compare',
    says: 'Engine versus runtime: what is the difference?',
    truth:
      'The engine (CLI, REST API, daemon) is what people talk to: images, networks, volumes, builds. The runtime (containerd, shim, runc) executes. containerd is the high-level runtime, runc the low-level one.',
    shows: 'Run the same bundle with the low-level runtime alone, without daemon or containerd.',
  },
  'STK-3': {
    kind: 'fact',
    says: 'What each component owns.',
    truth:
      'CLI: parse and request. Daemon: API, images, networks, volumes, builds, logs. containerd: content, snapshots, tasks. Shim: stdio, exit status, subreaper. runc: create one container from a bundle, then exit. Kernel: enforce.',
    shows: 'Filter a trace by stage and count what each stage did.',
  },
  'STK-4': {
    kind: 'flow',
    says: 'What happens when each component dies?',
    truth:
      'CLI: nothing but the command. Daemon: API calls fail, containers keep running; the next dockerd keeps them with live restore only. containerd: no new containers, running ones live on under their shims. runc: that one creation fails. Shim: its container loses stdio capture and exit reporting. Socket file removed: clients cannot connect until the daemon, or the socket unit of systemd, makes it again.',
    shows: "Kill each one in a lab and watch the container's own process id stay.",
  },
  'STK-5': {
    kind: 'myth',
    says: 'Docker keeps a pause process per container to hold its namespaces.',
    truth:
      "That is Kubernetes' pod sandbox. In Docker a namespace lives as long as a process or a bind mount holds it; the network namespace is kept by a mount of its own.",
    shows: "List the processes of a running container's namespaces: no pause.",
  },
  'STK-6': {
    kind: 'myth',
    says: 'One container is one running runc process.',
    truth:
      'runc is called for create and again for start, and exits each time. The process that stays per container is the shim.',
    shows: "The runtime's exit event in the trace, and the parent of the container's init.",
  },
  'STK-7': {
    kind: 'myth',
    says: 'runc is a one-megabyte program.',
    truth: 'A current runc is around ten megabytes; crun, in C, is far smaller.',
    shows: 'Size of each installed runtime, side by side.',
  },
  'STK-8': {
    kind: 'myth',
    says: 'Docker started to use containerd in version 20.10.',
    truth:
      "containerd was split out in 2016 (Docker 1.11), given to the CNCF in 2017 and graduated in 2019. What changes in newer versions is that containerd's own image store can replace the daemon's.",
    shows: 'Timeline in the lesson, with sources named.',
  },
  'STK-9': {
    kind: 'question',
    says: 'Why was containerd taken out of the daemon?',
    truth:
      'A smaller daemon, independent upgrades, live restore, and a runtime that Kubernetes can use through CRI without Docker.',
    shows: 'Drive containerd directly while the daemon is stopped.',
  },
  'STK-10': {
    kind: 'fact',
    says: 'The CLI is a thin HTTP client; curl can replace it.',
    truth:
      'Everything the CLI asks for is an HTTP request on the unix socket; attach, exec and a BuildKit session take their connection over.',
    shows: 'Print the curl command for any CLI command; run it and get the same answer.',
  },
  'STK-11': {
    kind: 'fact',
    says: 'A service manager starts the daemon.',
    truth: 'systemd units for the daemon and containerd, socket activation, journald for logs, restart on failure.',
    shows: "Install the lab's units on a VM and read their journal.",
  },
  'STK-12': {
    kind: 'question',
    says: 'Can containers run without Docker?',
    truth: "Yes: containerd's own client, or a low-level runtime with a root filesystem and a config.json.",
    shows: 'Both, by hand, in lessons.',
  },
  'STK-13': {
    kind: 'fact',
    says: 'Runtime levels: high-level (containerd, CRI-O, podman) and low-level (runc, crun, kata, gVisor).',
    truth:
      'High-level runtimes manage images and lifecycles and call a low-level one through the OCI runtime interface.',
    shows: 'Swap the low-level runtime of one container by name and compare the two traces.',
  },
  'STK-14': {
    kind: 'flow',
    says: 'From CLI to kernel in the order in which it really happens.',
    truth:
      'Parse, POST create: image lookup or pull, container metadata, writable layer. Attach and wait, asked before the start in the foreground. POST start: network endpoint, spec generation, containerd task create, shim, runtime create, namespaces, mounts, pivot_root, seccomp, capabilities, runtime start, execve.',
    shows: 'The event order of a recorded trace; the learner puts shuffled steps in order.',
  },
  'STK-15': {
    kind: 'myth',
    says: 'The daemon sets up networking after the application has started.',
    truth:
      "Network namespace, veth, address and routes exist before the application's execve; only then is the process released. Publishing rules are in place before start returns.",
    shows: 'Timestamps: veth and address events precede the execve event.',
  },
  'DMN-1': {
    kind: 'fact',
    says: 'The daemon listens on a unix socket by default, and can listen on TCP.',
    truth:
      "The socket's owner and mode decide who is root on this host; plain TCP hands out root to the network, so it needs TLS with client certificates.",
    shows: 'Socket mode and group; plain TCP refused without an explicit insecure flag; mutual TLS accepted.',
  },
  'DMN-2': {
    kind: 'fact',
    says: 'daemon.json configures the daemon.',
    truth:
      'Debug, storage driver, log driver and its size and file limits, registry mirrors, insecure registries, default address pools, live restore, data root.',
    shows: 'Change one key, reload or restart, see it in `info`.',
  },
  'DMN-3': {
    kind: 'fact',
    says: 'What the daemon manages.',
    truth: 'Images, containers, networks, volumes, builds, logs, events.',
    shows: 'One API call for each.',
  },
  'DMN-4': {
    kind: 'fact',
    says: '`run` is create plus start.',
    truth: 'And, in the foreground, attach and wait; with --rm, remove on exit.',
    shows: 'The HTTP requests of one `run`, in order.',
  },
  'DMN-5': {
    kind: 'fact',
    says: 'Container states: created, running, paused, restarting, removing, exited, dead.',
    truth:
      'Pause freezes the cgroup; stop sends SIGTERM and then, after a grace time, SIGKILL; remove deletes the writable layer.',
    shows: 'The lifecycle machine as a diagram, each transition with its kernel action.',
  },
  'DMN-6': {
    kind: 'incident',
    says: 'Fifty concurrent builds, each with a 500 MB context, freeze the daemon for twenty minutes.',
    truth:
      'One process serves everything; unbounded queues and buffered contexts exhaust it. Bound the concurrency, stream the context, split build hosts from run hosts, watch memory, shrink contexts.',
    shows:
      "Send fifty builds at once: the lab's daemon queues them, keeps answering `ps`, and its memory stays bounded.",
  },
  'DMN-7': {
    kind: 'triage',
    says: 'The daemon does not answer or has crashed.',
    truth:
      'Is it running, what does it use (memory, descriptors, CPU), what do its logs say, was it killed for memory; then restart it: with live restore containers survive.',
    shows: 'A broken daemon to diagnose, with a check that the learner found the cause.',
  },
  'DMN-8': {
    kind: 'question',
    says: 'What happens when a container crashes?',
    truth:
      'The shim reports the exit code; without a restart policy nothing restarts it; with one, the daemon restarts it with growing back-off; an orchestrator does more (CrashLoopBackOff).',
    shows: 'Restart policies no, on-failure, always, unless-stopped in action, with their delays.',
  },
  'DMN-9': {
    kind: 'fact',
    says: 'Exit codes: 0, 1, 125, 126, 127, 137, 143.',
    truth:
      '0 done; 1 application error; 125 engine error; 126 not executable; 127 not found; 128+n killed by signal n, so 137 SIGKILL (often out of memory) and 143 SIGTERM.',
    shows: 'Provoke each one.',
  },
  'DMN-10': {
    kind: 'triage',
    says: 'A container exits at once.',
    truth:
      'Look at the exit code and logs, the entrypoint and command; a shell-form command makes sh the first process, which does not pass signals on.',
    shows: 'Broken containers to repair.',
  },
  'DMN-11': {
    kind: 'fact',
    says: 'Logs: the json-file driver with max-size and max-file.',
    truth: 'Without limits logs fill the disk; rotation bounds them.',
    shows: 'A chatty container with and without rotation.',
  },
  'DMN-12': {
    kind: 'fact',
    says: '`stats` for monitoring; `system df` and prune for disk.',
    truth: "CPU, memory, I/O and pids come from the cgroup files, network from the namespace's counters.",
    shows: 'Show beside each figure the file that it was read from.',
  },
  'DMN-13': {
    kind: 'triage',
    says: 'Disk usage grows without bound.',
    truth: 'Find the consumer (images, containers, volumes, build cache, logs), then prune just that.',
    shows: 'A filled data root to clean without losing the named volume.',
  },
  'DMN-14': {
    kind: 'mistake',
    says: 'No resource limits on containers.',
    truth: "One container can take the host's memory; limit memory, CPU and pids.",
    shows: 'Two containers, one with limits, under the same load.',
  },
  'DMN-15': {
    kind: 'fact',
    says: 'Live restore and reattachment.',
    truth:
      'A restarted daemon finds its running containers again through containerd and the shims. Docker does so only with live-restore, else it ends them.',
    shows: 'Restart the daemon; `ps` still shows uptime and `logs -f` goes on.',
  },
  'DMN-16': {
    kind: 'fact',
    says: 'Metrics for Prometheus, alerts, log aggregation.',
    truth: "The daemon exposes counters in the Prometheus text format; containers' figures come from cgroups.",
    shows: 'Scrape the endpoint with curl.',
  },
  'CTD-1': {
    kind: 'fact',
    says: 'What containerd does.',
    truth:
      'Content store by digest, image records, snapshotters, containers and tasks, events, leases and garbage collection, namespaces, a gRPC API, CRI for Kubernetes.',
    shows: 'Each service called by its real client.',
  },
  'CTD-2': {
    kind: 'fact',
    says: "containerd's clients: ctr, nerdctl, crictl, and the daemon in its own namespace.",
    truth: "Namespaces separate clients: Docker's is moby, Kubernetes' is k8s.io.",
    shows: 'The same container seen in one namespace and not in another.',
  },
  'CTD-3': {
    kind: 'question',
    says: 'Docker versus containerd?',
    truth:
      "Docker is the platform with builds, networks and a developer's CLI; containerd is the runtime inside it, usable without it.",
    shows: 'The same image run through both entrances.',
  },
  'CTD-4': {
    kind: 'fact',
    says: 'Snapshotters: overlayfs, btrfs, zfs, native.',
    truth:
      'A snapshotter turns a chain of layers into a mount; prepare makes a writable one, commit freezes it, view is read-only.',
    shows: 'Prepare, mount, write, commit, view, by hand.',
  },
  'CTD-5': {
    kind: 'fact',
    says: 'The shim: why one process per container stays.',
    truth:
      "It is the container's parent as a subreaper, holds its stdio and exit code, forwards signals, and lets daemon and containerd restart.",
    shows: 'Process tree before and after killing containerd.',
  },
  'CTD-6': {
    kind: 'triage',
    says: 'containerd does not run or crashes.',
    truth: 'Socket, service state, logs, corrupted snapshots; running containers are not harmed by a restart.',
    shows: 'Kill and restart it under a running web server that keeps answering.',
  },
  'CTD-7': {
    kind: 'question',
    says: 'Can containerd be used without the daemon, and why would one?',
    truth: 'Yes; fewer parts and no daemon as a single point of failure. Kubernetes does it.',
    shows: 'Run a container with the daemon stopped.',
  },
  'CTD-8': {
    kind: 'fact',
    says: "containerd's configuration: runtimes and the systemd cgroup driver.",
    truth:
      'A runtime has a type (its shim) and options (its binary, SystemdCgroup); kubelet and runtime must agree on the cgroup driver.',
    shows: 'Two runtimes configured, one container with each.',
  },
  'CTD-9': {
    kind: 'fact',
    says: 'CRI: how Kubernetes talks to a runtime.',
    truth: 'Pod sandboxes and containers over gRPC, an image service, streaming for exec and logs.',
    shows: 'A pod made with crictl.',
  },
  'OCI-1': {
    kind: 'question',
    says: 'What is the OCI and why does it matter?',
    truth:
      'Since 2015, under the Linux Foundation: image, runtime and distribution specifications. They make builder, registry and runtime replaceable.',
    shows: 'One image built here and run by three runtimes.',
  },
  'OCI-2': {
    kind: 'fact',
    says: 'Image specification: index, manifest, config, layers.',
    truth:
      "Content-addressed JSON and tar blobs. A layer's digest is of the compressed blob; its diff ID is of the uncompressed tar; chain IDs name stacks of layers.",
    shows: 'Compute all three by hand with sha256sum and match the engine.',
  },
  'OCI-3': {
    kind: 'fact',
    says: 'Runtime specification: bundle = rootfs + config.json; create, start, state, kill, delete.',
    truth:
      'config.json names process, root, mounts, namespaces, resources, seccomp, hooks; states are creating, created, running, stopped.',
    shows: 'Edit config.json by hand, run it, see the change in the kernel.',
  },
  'OCI-4': {
    kind: 'fact',
    says: "Distribution specification: the registry's HTTP API.",
    truth: 'HEAD and GET by digest or tag, upload sessions, cross-repository mounts, manifests last.',
    shows: 'The requests of one push and one pull.',
  },
  'OCI-5': {
    kind: 'question',
    says: 'How does OCI make runtimes replaceable?',
    truth: 'The caller knows only the command line and the bundle, so crun, kata or gVisor can stand in for runc.',
    shows: 'The same bundle under two runtimes, traces compared.',
  },
  'OCI-6': {
    kind: 'fact',
    says: "What an image's config holds.",
    truth:
      'Architecture, OS, environment, working directory, user, exposed ports, volumes, entrypoint, command, labels, stop signal, diff IDs, history; Docker adds the health check.',
    shows: '`inspect` beside the raw blob.',
  },
  'OCI-7': {
    kind: 'fact',
    says: 'Run a container with the low-level runtime alone.',
    truth: 'Make a rootfs, generate a spec, edit, run, list, delete.',
    shows: 'A lesson with checks for each step.',
  },
  'OCI-8': {
    kind: 'fact',
    says: 'Tools that share the format: docker, podman, buildah, kaniko, skopeo, containerd.',
    truth: 'They exchange OCI images through registries, archives and layouts.',
    shows: 'An image saved here is opened by another tool, and the reverse.',
  },
  'IMG-1': {
    kind: 'question',
    says: 'Image versus container?',
    truth:
      'An image is an immutable template of layers plus config; a container is a running instance with a writable layer, namespaces and limits.',
    shows: 'Two containers from one image: same lower layers, different upper ones.',
  },
  'IMG-2': {
    kind: 'myth',
    says: 'Every Dockerfile instruction creates a layer.',
    truth:
      'Only those that change the filesystem (RUN, COPY, ADD, and WORKDIR when it makes a directory). ENV, EXPOSE, LABEL, CMD, ENTRYPOINT, USER and the like change the config and appear in history as empty layers.',
    shows: 'Build one of each; count layers and history entries.',
  },
  'IMG-3': {
    kind: 'myth',
    says: 'A RUN layer cannot be cached.',
    truth:
      'It is cached by its parent and its text (and mounts); it re-runs when anything before it changes. It is not re-run merely because the outside world changed.',
    shows: 'Second build: CACHED; change an earlier line: executed.',
  },
  'IMG-4': {
    kind: 'flow',
    says: 'From `build` to a tagged image.',
    truth:
      'Context sent (filtered by .dockerignore), Dockerfile parsed, each instruction looked up in the cache by parent and content, executed on a miss, diff committed as a layer by digest, config and manifest written, tag set.',
    shows: 'A build trace with hit or miss and the reason for every step.',
  },
  'IMG-5': {
    kind: 'fact',
    says: 'Cache order: stable things first.',
    truth:
      'A miss invalidates everything after it; copy the dependency manifest and install before copying the source.',
    shows: 'Two orders of one Dockerfile, one source edit, time and layers compared.',
  },
  'IMG-6': {
    kind: 'triage',
    says: 'The build hangs at sending the context.',
    truth: 'Measure the context; write .dockerignore; newer builders send only what is used.',
    shows: 'A 500 MB context and its repair.',
  },
  'IMG-7': {
    kind: 'fact',
    says: 'Multi-stage builds.',
    truth: 'Build tools stay in an early stage; only what is copied reaches the result; unused stages are skipped.',
    shows: 'Sizes of both results; the stages as a graph.',
  },
  'IMG-8': {
    kind: 'compare',
    says: 'BuildKit versus the legacy builder.',
    truth:
      'A graph of steps solved in parallel, content-based cache, secret and cache mounts, only the needed files of the context.',
    shows: 'Independent stages that overlap in time; a secret that is in no layer.',
  },
  'IMG-9': {
    kind: 'fact',
    says: 'Make images smaller.',
    truth: 'Small bases, multi-stage, one layer for install and clean-up, no extra packages, .dockerignore.',
    shows: 'Before and after of a bad Dockerfile, layer by layer.',
  },
  'IMG-10': {
    kind: 'fact',
    says: 'A file deleted in a later layer still takes space.',
    truth: 'The later layer only hides it (a whiteout).',
    shows: 'Find the deleted file in the earlier layer; wasted bytes reported.',
  },
  'IMG-11': {
    kind: 'question',
    says: 'ENTRYPOINT versus CMD?',
    truth:
      'ENTRYPOINT is the executable, CMD its default arguments; arguments of `run` replace CMD, --entrypoint replaces ENTRYPOINT. Exec form versus shell form decides whether a shell is process 1.',
    shows: 'A table of all combinations, each run for real.',
  },
  'IMG-12': {
    kind: 'fact',
    says: 'Layers are shared between images.',
    truth: 'Stored once by digest; a pull takes only what is missing.',
    shows: 'Pull two images with a common base; the second skips layers.',
  },
  'IMG-13': {
    kind: 'myth',
    says: 'Shared layers on disk are hard links of each other.',
    truth: 'A shared layer is one directory used as a lower directory by many overlay mounts.',
    shows: 'Link counts and the mount options of two containers.',
  },
  'IMG-14': {
    kind: 'myth',
    says: 'Image layers are kept as tarballs under a layers directory.',
    truth:
      'The graph-driver store unpacks layers under overlay2, with metadata under image; the containerd store keeps compressed blobs by digest and unpacked snapshots beside them.',
    shows: "Walk the lab's own data root.",
  },
  'IMG-15': {
    kind: 'fact',
    says: 'COPY versus ADD, USER, healthchecks: good practice.',
    truth: 'Prefer COPY; ADD also unpacks archives and fetches URLs; drop root with USER; pin bases by digest.',
    shows: 'A linter of the Dockerfile with the reason for each finding.',
  },
  'IMG-16': {
    kind: 'question',
    says: 'Why are images immutable?',
    truth:
      'They are named by the digest of their content: any change is another image. Reproducible, cacheable, verifiable.',
    shows: 'Flip one byte of a blob: the pull is refused.',
  },
  'IMG-17': {
    kind: 'fact',
    says: '`history`, `inspect`, `save`, `load`.',
    truth: 'History is in the config; save writes an archive that can be opened with tar.',
    shows: 'Each one, explained.',
  },
  'REG-1': {
    kind: 'flow',
    says: 'Pull: name to running image.',
    truth:
      'Resolve the reference, token if challenged, manifest (index, then platform), config, layers in parallel, verify each digest, unpack, record.',
    shows: 'The requests and digests of a pull.',
  },
  'REG-2': {
    kind: 'flow',
    says: 'Push: what is uploaded.',
    truth:
      'For each blob: does the registry have it, can it be mounted from another repository, else upload; then config, then manifest and tag.',
    shows: 'Second push uploads nothing; a mount is shown as such.',
  },
  'REG-3': {
    kind: 'fact',
    says: 'Tags point to manifests; digests do not move.',
    truth: 'A tag is a mutable name; a digest is content.',
    shows: 'Move a tag and pull again.',
  },
  'REG-4': {
    kind: 'triage',
    says: 'Pulls fail or are slow: rate limits.',
    truth:
      'Hub limits count by address or account in a time window, so a NAT shares one budget; the answer is 429 with headers. Log in, mirror, or use a pull-through cache.',
    shows: 'A registry that answers 429 and a cache that solves it.',
  },
  'REG-5': {
    kind: 'fact',
    says: 'Run a private registry.',
    truth: 'Tag with its address, push, pull; insecure registries need explicit permission.',
    shows: "The lab's registry, and another implementation, as peers.",
  },
  'REG-6': {
    kind: 'fact',
    says: 'Content trust: only signed images.',
    truth:
      "Docker Content Trust (Notary v1) is being retired; sigstore's cosign and notation sign OCI manifests. The digest secures transport; a signature says who.",
    shows: 'Verify a signature against a digest; refuse an unsigned image by policy.',
  },
  'REG-7': {
    kind: 'mistake',
    says: 'CI runners that pull anonymously.',
    truth: 'They hit the limit together; authenticate and cache.',
    shows: 'Fifty pulls through a cache: one upstream request.',
  },
  'REG-8': {
    kind: 'fact',
    says: 'Scan images.',
    truth:
      "`docker scan` is retired; Trivy, Grype and Docker Scout read the layers' package databases against advisories. Fewer packages, fewer findings.",
    shows: 'The package list of each layer of an image.',
  },
  'STO-1': {
    kind: 'fact',
    says: 'overlayfs: lower, upper, work, merged.',
    truth:
      "Lower directories are the image's layers, upper the container's changes, work is the kernel's, merged is what the container sees.",
    shows: 'The mount options in the trace, and the directories on disk.',
  },
  'STO-2': {
    kind: 'flow',
    says: 'Copy-on-write.',
    truth:
      'The first write to a lower file copies it whole to upper; reads of untouched files cost nothing extra; deletes make whiteouts.',
    shows: 'Write a byte to a big lower file: copy-up seen in time and in upper.',
  },
  'STO-3': {
    kind: 'myth',
    says: 'The writable layer is deleted when the container stops.',
    truth: 'It is deleted when the container is removed.',
    shows: 'Stop, start, the file is there; remove, it is gone.',
  },
  'STO-4': {
    kind: 'fact',
    says: 'Volumes, bind mounts, tmpfs.',
    truth: 'Volumes are managed and outlive containers; bind mounts expose a host path; tmpfs is memory only.',
    shows: 'Each one: where the data lies and what survives.',
  },
  'STO-5': {
    kind: 'question',
    says: 'Why should a database use a volume?',
    truth: 'No copy-up, no overlay on the write path, and the data outlives the container.',
    shows: 'Random-write benchmark on overlay, volume and bind mount, in one run.',
  },
  'STO-6': {
    kind: 'fact',
    says: "Many containers share one image's layers.",
    truth:
      'Ten containers: one copy of the lower layers and ten upper directories; a second start is quick as nothing is copied.',
    shows: 'Disk use of ten containers.',
  },
  'STO-7': {
    kind: 'fact',
    says: 'Storage drivers.',
    truth:
      'overlay2 by default; fuse-overlayfs for rootless on old kernels; btrfs and zfs on their filesystems; devicemapper is gone; vfs or native copies everything.',
    shows: 'The same image under overlay and under native, with sizes.',
  },
  'STO-8': {
    kind: 'fact',
    says: 'Volume life cycle.',
    truth:
      "Create, mount, inspect, remove, prune; an empty named volume is filled from the image's directory at first mount; a bind mount is not.",
    shows: 'Both cases.',
  },
  'STO-9': {
    kind: 'mistake',
    says: "Database files in the container's own layer.",
    truth: 'Slow first writes and lost on removal.',
    shows: 'Lose data on purpose, then do it right.',
  },
  'NET-1': {
    kind: 'flow',
    says: 'How a bridge-network container gets its network.',
    truth:
      'Network namespace, veth pair, one end on the bridge, the other renamed eth0 inside, address and MAC, default route to the bridge, loopback up.',
    shows: 'Each netlink message with the ip command that does the same.',
  },
  'NET-2': {
    kind: 'flow',
    says: 'Published ports.',
    truth:
      'DNAT in nat PREROUTING for outside and OUTPUT for local addresses, accept in the filter chain, masquerade for hairpin; a user-space proxy serves cases that NAT cannot.',
    shows: 'The rules with an explanation each, and one packet followed through them.',
  },
  'NET-3': {
    kind: 'fact',
    says: 'Outbound traffic.',
    truth: 'Forwarding must be on; masquerade rewrites the source address on the way out.',
    shows: 'Connection tracking entries before and after a request.',
  },
  'NET-4': {
    kind: 'fact',
    says: 'Default bridge versus user-defined networks.',
    truth:
      "The default bridge has no name resolution (only legacy links) and copies the host's resolver; user-defined ones have an embedded DNS server at 127.0.0.11, aliases, and isolation from each other.",
    shows: 'Resolve a name on both.',
  },
  'NET-5': {
    kind: 'fact',
    says: 'The embedded DNS server.',
    truth:
      "It listens inside the container's network namespace, answers container names and aliases, and forwards the rest.",
    shows: "The rules and the socket in the namespace; a query's trace.",
  },
  'NET-6': {
    kind: 'fact',
    says: 'Drivers: bridge, host, none, overlay, macvlan, ipvlan.',
    truth:
      'bridge: NAT on one host; host: no namespace; none: loopback only; overlay: VXLAN between hosts; macvlan and ipvlan: an address on the physical network.',
    shows: 'A container on each, and what it sees.',
  },
  'NET-7': {
    kind: 'incident',
    says: 'Someone flushes iptables while containers run.',
    truth:
      "Published ports and outbound NAT break at once; the daemon's restart or reconciliation puts the rules back; other firewall tools can do the same harm.",
    shows: "Flush only the lab's chains, watch it fail, repair it.",
  },
  'NET-8': {
    kind: 'fact',
    says: 'Inter-container communication can be turned off.',
    truth:
      'icc=false drops traffic between containers of one bridge except what is allowed; different bridges are isolated by rules.',
    shows: 'Two bridges, two containers, who reaches whom and which rule decides.',
  },
  'NET-9': {
    kind: 'fact',
    says: '`-p` maps host to container; EXPOSE does not publish.',
    truth: 'EXPOSE is documentation (and what -P reads).',
    shows: 'EXPOSE alone, -P, and -p compared.',
  },
  'NET-10': {
    kind: 'triage',
    says: 'Port is already allocated.',
    truth: 'Another container or host process holds the host port; find it, choose another.',
    shows: 'A conflict to diagnose.',
  },
  'NET-11': {
    kind: 'fact',
    says: "Look into a container's network from the host.",
    truth: 'nsenter into its namespace, or tcpdump on the bridge or veth.',
    shows: "Match eth0's peer index to the host's veth.",
  },
  'NET-12': {
    kind: 'fact',
    says: 'Overlay networks.',
    truth:
      'VXLAN encapsulates Ethernet in UDP 4789 between hosts, with a control plane that knows which host has which address.',
    shows: 'Two hosts as network namespaces; an encapsulated packet.',
  },
  'NET-13': {
    kind: 'mistake',
    says: 'Expecting name resolution on the default bridge.',
    truth: 'Make a network.',
    shows: 'The failing case and the fix.',
  },
  'KRN-1': {
    kind: 'question',
    says: 'How are processes isolated?',
    truth:
      'Namespaces (what is seen), cgroups (what may be used), capabilities, seccomp, LSMs and a root filesystem. Containers are ordinary host processes.',
    shows: 'The same process seen from host and container.',
  },
  'KRN-2': {
    kind: 'fact',
    says: 'Namespaces: pid, net, mnt, uts, ipc, user, cgroup, time.',
    truth: 'Each isolates one kind of name; clone, unshare and setns make and join them; a user namespace maps ids.',
    shows: 'Enter and leave each one by hand.',
  },
  'KRN-3': {
    kind: 'fact',
    says: 'cgroups: cpu, memory, io, pids.',
    truth: 'v1 has a hierarchy for each controller, v2 a single one; limits are files.',
    shows: 'The file written for each flag, on the version that the host has.',
  },
  'KRN-4': {
    kind: 'myth',
    says: 'cgroups limit network bandwidth.',
    truth: 'They have no bandwidth controller; v1 could tag packets (net_cls), traffic control does the shaping.',
    shows: "What a container's cgroup directory offers.",
  },
  'KRN-5': {
    kind: 'myth',
    says: 'On every host a memory limit is written to memory.limit_in_bytes under memory/docker/ID.',
    truth:
      'On cgroup v1 with the cgroupfs driver only. On v2 it is memory.max, under system.slice/docker-ID.scope with the systemd driver.',
    shows: "Both forms, from the host's real files.",
  },
  'KRN-6': {
    kind: 'flow',
    says: 'Which system calls make a container?',
    truth:
      'clone or unshare with namespace flags, mount (propagation, rootfs, proc, sysfs, dev, cgroup), pivot_root, umount of the old root, sethostname, seccomp (with no_new_privs at the end), prctl and capset, setgroups and setresuid, execve.',
    shows: 'The trace of the runtime stage, each call with its cause in config.json.',
  },
  'KRN-7': {
    kind: 'fact',
    says: 'pivot_root versus chroot.',
    truth:
      "chroot can be escaped by a privileged process; pivot_root swaps the mount namespace's root and the old one is unmounted.",
    shows: 'Escape a chroot, fail to escape a container.',
  },
  'KRN-8': {
    kind: 'fact',
    says: 'Capabilities.',
    truth: "Root's power in about forty pieces; an engine keeps some fourteen by default.",
    shows: 'Drop one, see the call fail with EPERM.',
  },
  'KRN-9': {
    kind: 'fact',
    says: 'seccomp.',
    truth: 'A BPF program decides for each system call; the default profile is an allow list.',
    shows: 'A denied call in the trace with its errno.',
  },
  'KRN-10': {
    kind: 'fact',
    says: 'AppArmor and SELinux.',
    truth: 'Mandatory access control by profile or label, where the host has it.',
    shows: 'What this host has, and the profile field in the spec.',
  },
  'KRN-11': {
    kind: 'fact',
    says: 'PID 1 in a container.',
    truth:
      'It must reap orphans and handle signals: the kernel ignores signals to it that have no handler; --init puts a small init there.',
    shows: 'Zombies with and without --init; SIGTERM ignored and not.',
  },
  'KRN-12': {
    kind: 'fact',
    says: 'Out of memory in a cgroup.',
    truth: 'The kernel kills in that cgroup; when it is the first process, exit 137 and OOMKilled.',
    shows: 'Provoke it, read the counters.',
  },
  'KRN-13': {
    kind: 'fact',
    says: 'CPU limits: shares, quota, sets.',
    truth: '--cpus writes quota and period; throttling shows in cpu.stat.',
    shows: 'Throttled periods of a busy loop.',
  },
  'KRN-14': {
    kind: 'fact',
    says: 'Rootless and user namespaces.',
    truth: "Container root mapped to an ordinary id; files and powers outside are that id's.",
    shows: "The id maps and a file's owner on both sides.",
  },
  'KRN-15': {
    kind: 'triage',
    says: 'The runtime cannot make namespaces.',
    truth: 'Limits in /proc/sys/user, distribution hardening, missing kernel features.',
    shows: 'A preflight that says which and how to mend it.',
  },
  'SEC-1': {
    kind: 'fact',
    says: 'Do not run as root in the container.',
    truth: 'USER or --user; combine with no-new-privileges.',
    shows: 'What root in a container can still do, and what a user cannot.',
  },
  'SEC-2': {
    kind: 'fact',
    says: 'Read-only root filesystem.',
    truth: '--read-only with tmpfs for what must be written.',
    shows: 'EROFS in the trace.',
  },
  'SEC-3': {
    kind: 'fact',
    says: "The daemon's socket is root.",
    truth: 'Mounting it into a container hands over the host.',
    shows: 'Do it in the lab, then stop doing it.',
  },
  'SEC-4': {
    kind: 'fact',
    says: 'Secrets do not belong in layers or the environment.',
    truth: 'Build secrets by mount, runtime secrets by tmpfs.',
    shows: "Find a secret in an image's history.",
  },
  'SEC-5': {
    kind: 'fact',
    says: '--privileged.',
    truth: 'All capabilities, all devices, no seccomp, no masked paths.',
    shows: 'Difference of two traces: with and without.',
  },
  'SEC-6': {
    kind: 'fact',
    says: 'Well-known escapes and what stops them.',
    truth:
      'Overwriting the runtime through /proc/self/exe, leaked descriptors as working directory, symlink races in copies and unpacking.',
    shows: "Each one tried against the lab's engine and refused.",
  },
  'VMS-1': {
    kind: 'compare',
    says: 'Containers versus VMs.',
    truth: 'Shared kernel versus own kernel: size, start, density, isolation, other operating systems.',
    shows: 'Boot a small VM and start a container on the same machine, measured.',
  },
  'VMS-2': {
    kind: 'fact',
    says: 'When to use which, and both.',
    truth: 'VMs for strong isolation and other kernels; containers for services; containers in VMs is the usual cloud.',
    shows: 'Decision questions.',
  },
  'VMS-3': {
    kind: 'myth',
    says: 'Containers start in milliseconds, VMs in minutes.',
    truth:
      "Creation takes milliseconds to tens of them at the runtime, a few hundred through a full engine; a microVM boots in about as much. The application's own start dominates.",
    shows: 'A timeline of a run: where each millisecond went.',
  },
  'ORC-1': {
    kind: 'fact',
    says: 'Compose: services, networks, volumes, profiles.',
    truth: 'A file describes several containers; a project gets its network with names.',
    shows: 'A web and a database service up and down, names resolved.',
  },
  'ORC-2': {
    kind: 'question',
    says: 'Why orchestration?',
    truth: 'Placement, scaling, health, rolling updates, discovery, storage, over many machines.',
    shows: 'Do it by hand for three replicas, then declare it.',
  },
  'ORC-3': {
    kind: 'compare',
    says: 'Kubernetes, Swarm, Nomad, ECS.',
    truth: 'Scope, effort, scale and who runs them.',
    shows: 'One service described for each.',
  },
  'ORC-4': {
    kind: 'flow',
    says: 'A Deployment with three replicas.',
    truth: 'Desired state, reconciled: a lost replica is replaced, an update rolls one at a time, a bad one stops.',
    shows: 'Kill a replica; roll an update; watch the reconciliation as a state machine.',
  },
  'ORC-5': {
    kind: 'flow',
    says: 'From a laptop to production.',
    truth: 'Build, test, push by digest, declare, roll out, observe, roll back; GitOps keeps the declaration in git.',
    shows: "The whole way with the lab's registry and a declared deployment.",
  },
  'ORC-6': {
    kind: 'fact',
    says: 'CrashLoopBackOff.',
    truth: 'Restart with exponential delay, capped, reset after a healthy time.',
    shows: 'The delays on a timeline.',
  },
  'ORC-7': {
    kind: 'fact',
    says: 'Health checks.',
    truth: 'A probe with interval, timeout, retries and start period changes the state to healthy or unhealthy.',
    shows: 'A service that turns unhealthy and what reacts.',
  },
  'INT-1': {
    kind: 'question',
    says: 'Walk me from build to a cached image on disk.',
    truth: 'IMG-4 with IMG-2 and IMG-3.',
    shows: 'Answer first, then compare with the trace.',
  },
  'INT-2': {
    kind: 'question',
    says: 'Explain the component stack and what fails when each part fails.',
    truth: 'STK-1, STK-3, STK-4.',
    shows: 'As above.',
  },
  'INT-3': {
    kind: 'question',
    says: 'How does OCI let you swap runc for gVisor or Kata?',
    truth: 'OCI-3 and OCI-5.',
    shows: 'As above.',
  },
  'INT-4': {
    kind: 'question',
    says: 'From `run` to a process: which system calls?',
    truth: 'STK-14 and KRN-6.',
    shows: 'As above.',
  },
  'INT-5': {
    kind: 'question',
    says: 'Networking at the Linux level: veth, bridge, iptables.',
    truth: 'NET-1 to NET-3.',
    shows: 'As above.',
  },
  'INT-6': {
    kind: 'question',
    says: 'Why volumes for databases; what is copy-up?',
    truth: 'STO-2 and STO-5.',
    shows: 'As above.',
  },
  'INT-7': {
    kind: 'question',
    says: 'Fifty concurrent builds freeze the daemon: what is happening and how do you fix it?',
    truth: 'DMN-6.',
    shows: 'As above.',
  },
  'INT-8': {
    kind: 'question',
    says: "How do you reduce an image's size?",
    truth: 'IMG-9 and IMG-10.',
    shows: 'As above.',
  },
  'INT-9': { kind: 'question', says: 'How do containers keep data?', truth: 'STO-4.', shows: 'As above.' },
  'INT-10': {
    kind: 'question',
    says: 'Development to production: your workflow.',
    truth: 'ORC-5.',
    shows: 'As above.',
  },
};
