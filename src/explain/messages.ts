// Messages at the doors in words: HTTP to the daemon, gRPC to containerd, ttrpc to the shim, the command line of the runtime.
import type { TraceEvent } from '../trace/file.ts';
import type { WordsRow } from './words-row.ts';

const method = ({ data }: TraceEvent): string => String(data.method ?? '');
const asks = (pattern: RegExp) => (event: TraceEvent) => pattern.test(method(event));
const execs = (verb: string) => (event: TraceEvent) => event.data.door === 'exec' && method(event) === verb;

export const messageRows: readonly WordsRow<TraceEvent>[] = [
  {
    id: 'message-create',
    when: asks(/^POST .*\/containers\/create/),
    does: 'The CLI asks the daemon to make a container: image, command and options as JSON. Nothing runs and nothing is mounted by it.',
    now: 'First half of `run`. A 404 says that the image is not there: the CLI pulls it and asks again.',
    without: 'There would be nothing to start.',
    shows: ['DMN-4', 'STK-10'],
    source: 'docker-api POST /containers/create',
  },
  {
    id: 'message-start',
    when: asks(/^POST .*\/containers\/[^/]+\/start/),
    does: 'Asks the daemon to start a container that was made: network, config.json, task, process.',
    now: 'Second half of `run`, after attach, so that not one byte of output is missed.',
    without: 'The container would stay in the state created.',
    shows: ['DMN-4', 'DMN-5'],
    source: 'docker-api POST /containers/{id}/start',
  },
  {
    id: 'message-attach',
    when: asks(/^POST .*\/(attach|wait|resize)/),
    does: "Connects the terminal with the container's streams, or waits for its exit status.",
    now: "Before start: afterwards the first output, or a short run's exit, could be missed.",
    without: 'The container would run as with -d: no output here and no status.',
    shows: ['DMN-4', 'DMN-9'],
    source: 'docker-api POST /containers/{id}/attach',
  },
  {
    id: 'message-pull',
    when: asks(/^POST .*\/images\/create|Transfer\/Transfer/),
    does: 'Asks for an image that is not there: resolve the name, fetch what is missing, verify, unpack.',
    now: 'After create was refused with 404.',
    without: 'There would be no root filesystem to run.',
    shows: ['REG-1', 'CTD-1'],
    source: 'docker-api POST /images/create',
  },
  {
    id: 'message-ping',
    when: asks(/_ping/),
    does: 'Asks whether the daemon is there and which API version it speaks.',
    now: 'Before the first request.',
    without: 'A newer CLI might use requests that an older daemon does not know.',
    shows: ['STK-10'],
    source: 'docker-api GET /_ping',
  },
  {
    id: 'message-remove',
    when: asks(/^DELETE .*\/containers\//),
    does: 'Asks the daemon to remove a container: its writable layer, network and records.',
    now: 'After it has stopped; --rm asks for it by itself.',
    without: 'Its writable layer would stay on disk: stopping deletes nothing.',
    shows: ['STO-3', 'DMN-5'],
    source: 'docker-api DELETE /containers/{id}',
  },
  {
    id: 'message-http',
    when: ({ data }) => data.door === 'http',
    does: (event) => `A request of the Engine API over the unix socket: ${method(event)}.`,
    now: 'Everything that the CLI does is such a request; curl can send it too.',
    shows: ['STK-10'],
    source: 'docker-api',
  },
  {
    id: 'message-snapshot',
    when: asks(/Snapshots\//),
    does: (event) =>
      `Asks containerd's snapshotter (${method(event).replace(/^.*\//, '')}) for a root filesystem: a writable layer above the image's, or the mount that shows it.`,
    now: 'Before the task, which needs a root.',
    without: 'The container would have no files.',
    shows: ['CTD-4', 'STO-1'],
    source: 'containerd api snapshots',
  },
  {
    id: 'message-container-record',
    when: asks(/Containers\//),
    does: 'Stores the container as a record in containerd: its config.json, labels, runtime, snapshot. No process yet.',
    now: 'Before the task: a task belongs to a container.',
    without: 'containerd would not know what to run, nor find it again after a restart.',
    shows: ['CTD-1', 'OCI-3'],
    source: 'containerd api containers',
  },
  {
    id: 'message-task-create',
    when: asks(/Tasks?\/Create/),
    does: 'Asks for the process: make everything up to, but without, executing the program.',
    now: 'After the root, the network and config.json are ready. containerd asks its shim, the shim the runtime.',
    without: 'The container would be a record only.',
    shows: ['STK-1', 'CTD-5', 'OCI-3'],
    source: 'containerd api tasks',
  },
  {
    id: 'message-task-start',
    when: asks(/Tasks?\/Start/),
    does: 'Lets the waiting process execute its program.',
    now: 'After create, and after everybody who wants to hear of its exit is waiting.',
    without: 'The process would wait at the barrier for ever.',
    shows: ['OCI-3', 'DMN-4'],
    source: 'containerd api tasks',
  },
  {
    id: 'message-task-end',
    when: asks(/Tasks?\/(Kill|Delete|Wait|Shutdown)/),
    does: (event) => `Ends a task or takes its result: ${method(event).replace(/^.*\//, '')}.`,
    now: 'Kill sends a signal, Wait tells the status, Delete clears away, Shutdown lets the shim end.',
    without: 'The shim and the state of the container would stay.',
    shows: ['CTD-5', 'DMN-9'],
    source: 'containerd api tasks',
  },
  {
    id: 'message-content',
    when: asks(/(Content|Images|Events|Leases|Namespaces|Version|Introspection)\//),
    does: (event) =>
      `Asks a service of containerd (${method(event).replace(/^.*\.([A-Z][A-Za-z]*)\/(.*)$/, '$1: $2')}): images are records, their content lies by digest.`,
    now: 'Whenever the daemon needs what it does not keep itself.',
    without: "The daemon would not know the image's configuration, or not hear of an exit.",
    shows: ['CTD-1'],
    source: 'containerd api',
  },
  {
    id: 'message-shim-start',
    when: (event) =>
      event.data.door === 'exec' &&
      method(event) === 'start' &&
      (event.data.peer === 'shim' || event.stage === 'shim') &&
      event.data.peer !== 'runc',
    does: 'containerd runs the shim with the argument start: it leaves a server behind and prints the address of its socket.',
    now: 'Once for a container, before its task is created.',
    without: 'Nobody would stay beside the container.',
    shows: ['CTD-5', 'STK-1'],
    source: 'containerd runtime v2',
  },
  {
    id: 'message-runtime-create',
    when: execs('create'),
    does: 'The shim runs `runc create`: everything is set up, and the new process waits before its program.',
    now: 'After the overlay is mounted as the root. The runtime exits when the process waits.',
    without: 'Nothing would make the container.',
    shows: ['OCI-3', 'STK-6'],
    source: 'oci-runtime runtime#create',
  },
  {
    id: 'message-runtime-start',
    when: execs('start'),
    does: 'The shim runs `runc start`, which lets the waiting process go and exits at once.',
    now: 'After create; the runtime of create is long gone.',
    without: 'The container would stay created.',
    shows: ['OCI-3', 'STK-6'],
    source: 'oci-runtime runtime#start',
  },
  {
    id: 'message-runtime',
    when: ({ data }) => data.door === 'exec',
    does: (event) => `A command line as a door: ${method(event)}. Arguments and exit status are the whole protocol.`,
    now: 'The OCI fixes these verbs, so that runtimes can be exchanged.',
    shows: ['OCI-3', 'OCI-5'],
    source: 'oci-runtime runtime#operations',
  },
  {
    id: 'message-other',
    does: (event) => `A message at a door: ${method(event)}.`,
    shows: ['STK-1'],
    source: 'tlab doors',
  },
];
