/*
 * Create: a container's root filesystem, streams, `runtime create`. Undone in reverse order when a step fails, so that a refused
 * Create leaves nothing but the bundle.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups.h"
#include "hold.h"
#include "mounts.h"
#include "oom.h"
#include "runtime.h"
#include "tracing.h"

/* containerd.runc.v1.Options */
static bool decode_options(struct runtime *runtime, struct bytes message)
{
	struct reader reader;
	bool good = true;
	proto_read(&reader, message);
	while (good && proto_next(&reader)) {
		if (proto_is_number(&reader, 1))
			runtime->no_pivot = reader.number != 0;
		else if (proto_is_number(&reader, 2))
			runtime->no_new_keyring = reader.number != 0;
		else if (proto_is_number(&reader, 4))
			runtime->io_uid = (uint32_t)reader.number;
		else if (proto_is_number(&reader, 5))
			runtime->io_gid = (uint32_t)reader.number;
		else if (proto_is_bytes(&reader, 6) && !runtime->binary)
			good = (runtime->binary = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 7) && !runtime->root)
			good = (runtime->root = bytes_string(reader.value)) != NULL;
		else if (proto_is_number(&reader, 9))
			runtime->systemd_cgroup = reader.number != 0;
	}
	return good && !reader.bad;
}

static bool decode_any(struct runtime *runtime, struct bytes message)
{
	struct reader reader;
	struct bytes type = { 0 }, value = { 0 };
	proto_read(&reader, message);
	while (proto_next(&reader)) {
		if (proto_is_bytes(&reader, 1))
			type = reader.value;
		else if (proto_is_bytes(&reader, 2))
			value = reader.value;
	}
	if (reader.bad)
		return false;
	/* Options of other runtimes (ctr's --runtime-config-path) are not ours to read. */
	return !bytes_equal(type, "containerd.runc.v1.Options") || decode_options(runtime, value);
}

static bool decode(struct container *container, bool *checkpoint, struct bytes payload)
{
	struct reader reader;
	struct stdio *stdio = &container->init.stdio;
	bool good = true;
	proto_read(&reader, payload);
	while (good && proto_next(&reader)) {
		bool is_path = reader.field >= 5 && reader.field <= 7 && reader.is_bytes;
		if (proto_is_bytes(&reader, 1) && !container->id)
			good = (container->id = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 2) && !container->bundle)
			good = (container->bundle = bytes_string(reader.value)) != NULL;
		else if (proto_is_number(&reader, 4))
			stdio->terminal = reader.number != 0;
		else if (is_path && !stdio->paths[reader.field - 5])
			good = (stdio->paths[reader.field - 5] = bytes_string(reader.value)) != NULL;
		else if (proto_is_bytes(&reader, 8))
			*checkpoint = reader.value.length > 0;
		else if (proto_is_bytes(&reader, 10))
			good = decode_any(&container->runtime, reader.value);
	}
	return good && !reader.bad && container->id && is_identifier(container->id) && container->bundle && container->bundle[0] == '/';
}

static bool bundle_path(const struct container *container, const char *name, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s", container->bundle, name);
	return n > 0 && n < PATH_MAX;
}

static void detach_rootfs(const struct container *container, const struct trace *trace)
{
	char rootfs[PATH_MAX];
	if (!container->mounted || !bundle_path(container, "rootfs", rootfs))
		return;
	/* held, but never left out */
	hold_step(&(struct step){ .verb = "forget", .process = &container->init, .name = "unmount", .about = rootfs });
	mount_detach(rootfs, trace);
}

static void append_all(struct request **list, struct request *more)
{
	while (*list)
		list = &(*list)->next;
	*list = more;
}

/* Out of the list, and its memory freed. */
static void container_remove(struct container *container)
{
	struct container **link = &shim.containers;
	while (*link != container)
		link = &(*link)->next;
	*link = container->next;
	runtime_free(&container->runtime);
	free(container->cgroups);
	free(container->failed);
	free(container->id);
	free(container->bundle);
	free(container);
}

void container_forget(struct container *container, const struct trace *trace)
{
	struct request *left = process_free(&container->init);
	oom_forget(&container->oom);
	detach_rootfs(container, trace);
	while (container->execs)
		append_all(&left, process_free(container->execs));
	runtime_unsave(container);
	container_remove(container);
	service_watch_idle();
	dispatch_all(left);
}

static bool attach_rootfs(struct container *container, const struct request *request, char error[512])
{
	char rootfs[PATH_MAX];
	struct reader reader;
	if (!bundle_path(container, "rootfs", rootfs) || (mkdir(rootfs, 0711) < 0 && errno != EEXIST)) {
		snprintf(error, 512, "making the bundle's rootfs: %s", strerror(errno));
		return false;
	}
	proto_read(&reader, request->payload);
	while (proto_next(&reader)) {
		if (!proto_is_bytes(&reader, 3))
			continue;
		if (!hold_or_say(&(struct step){ .request = request, .name = "mount", .about = rootfs }, error, 512) ||
		    !mount_attach(reader.value, rootfs, &request->trace, error))
			return false;
		container->mounted = true;
	}
	return true;
}

bool read_pid(const char *path, pid_t *pid)
{
	char text[32];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return false;
	ssize_t n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	long value = strtol(text, NULL, 10);
	*pid = (pid_t)value;
	return value > 0 && value <= INT_MAX;
}

static void publish_create(const struct container *container, const struct request *request)
{
	char *const *paths = container->init.stdio.paths;
	struct writer event = { 0 }, io = { 0 };
	struct reader reader;
	put_string(&event, 1, container->id);
	put_string(&event, 2, container->bundle);
	proto_read(&reader, request->payload);
	while (proto_next(&reader))
		if (proto_is_bytes(&reader, 3))
			put_bytes(&event, 3, reader.value);
	for (uint32_t i = 0; i < 3; i++)
		put_string(&io, i + 1, paths[i]);
	put_number(&io, 4, container->init.stdio.terminal);
	put_message(&event, 4, &io);
	put_number(&event, 6, (uint64_t)container->init.pid);
	publish(&(struct news){ "/tasks/create", "containerd.events.TaskCreate", container->id, request->traceparent, false }, &event);
	writer_free(&io);
	writer_free(&event);
}

static void fail(struct request *request, const char *message)
{
	refuse(request, CODE_UNKNOWN, "OCI runtime create failed: %s", message);
}

/* What is left when the runtime died half way, or when we failed after it: its own failures it cleans up itself. */
static void cleaned(struct call *call, const char *error)
{
	(void)error;
	struct request *request = call->request;
	struct container *container = call->process->container;
	char *why = container->failed;
	container->failed = NULL;
	container_forget(container, &request->trace);
	fail(request, why ? why : "no memory");
	free(why);
}

static bool clean_up(struct container *container, struct request *request, const char *why)
{
	char error[512];
	container->failed = strdup(why);
	struct arguments arguments = { .count = 0 };
	arguments_add(&arguments, "--force");
	arguments_add(&arguments, container->id);
	return runtime_call(&(struct command){ "delete", &container->init, request, NULL, cleaned }, &arguments, error);
}

static void created(struct call *call, const char *error)
{
	char path[PATH_MAX], message[4096], held[512];
	struct process *init = call->process;
	struct container *container = init->container;
	struct request *request = call->request;
	bool made = !error;
	if (!error && !hold_or_say(&(struct step){ .request = request, .name = "read-pid" }, held, sizeof held))
		error = held;
	if (!error && (!bundle_path(container, "init.pid", path) || !read_pid(path, &init->pid)))
		error = "the runtime wrote no pid";
	if (!error && !stdio_console_arrived(&init->stdio))
		error = "the runtime sent no terminal";
	if (error) {
		snprintf(message, sizeof message, "%s", error);
		if ((call->killed || made) && clean_up(container, request, message))
			return;
		container_forget(container, &request->trace);
		fail(request, message);
		return;
	}
	container->cgroups = cgroups_of(init->pid);
	container->kill_all_on_exit = !is_namespace_init(init->pid);
	process_set_status(init, STATUS_CREATED, &request->trace);
	publish_create(container, request);
	struct writer response = { 0 };
	put_number(&response, 1, (uint64_t)init->pid);
	answer(request, &response);
	writer_free(&response);
	reaper_adopt(init);
	process_settle(init);
}

static bool call_create(struct container *container, struct request *request, char error[512])
{
	char pid_file[PATH_MAX];
	struct stdio *stdio = &container->init.stdio;
	struct arguments arguments = { .count = 0 };
	if (!bundle_path(container, "init.pid", pid_file)) {
		snprintf(error, 512, "the bundle's path is too long");
		return false;
	}
	unlink(pid_file);
	arguments_add(&arguments, "--bundle");
	arguments_add(&arguments, container->bundle);
	arguments_add(&arguments, "--pid-file");
	arguments_add(&arguments, pid_file);
	if (container->runtime.no_pivot)
		arguments_add(&arguments, "--no-pivot");
	if (container->runtime.no_new_keyring)
		arguments_add(&arguments, "--no-new-keyring");
	if (stdio->terminal) {
		arguments_add(&arguments, "--console-socket");
		arguments_add(&arguments, stdio->console_path);
	}
	arguments_add(&arguments, container->id);
	return runtime_call(&(struct command){ "create", &container->init, request, stdio->child, created }, &arguments, error);
}

static bool prepare(struct container *container, struct request *request, char error[512])
{
	const unsigned owner[2] = { container->runtime.io_uid, container->runtime.io_gid };
	if (!runtime_defaults(&container->runtime)) {
		snprintf(error, 512, "no memory");
		return false;
	}
	if (!hold_or_say(&(struct step){ .request = request, .name = "save-runtime" }, error, 512))
		return false;
	runtime_save(container);
	if (!hold_or_say(&(struct step){ .request = request, .name = "make-rootfs" }, error, 512) || !attach_rootfs(container, request, error))
		return false;
	if (!hold_or_say(&(struct step){ .request = request, .name = "open-streams" }, error, 512) ||
	    !stdio_open(&container->init.stdio, shim.sockets, owner, error))
		return false;
	trace_stdio(&request->trace, &container->init);
	return call_create(container, request, error);
}

static struct container *container_new(void)
{
	struct container *container = calloc(1, sizeof *container);
	char *exec_id = container ? strdup("") : NULL;
	if (!exec_id) {
		free(container);
		return NULL;
	}
	container->init.container = container;
	stdio_init(&container->init.stdio);
	container->init.exec_id = exec_id;
	container->next = shim.containers;
	shim.containers = container;
	return container;
}

/* The new container is the first of the list. */
static bool is_taken(const struct container *container)
{
	for (const struct container *other = container->next; other; other = other->next)
		if (strcmp(other->id, container->id) == 0)
			return true;
	return false;
}

static bool begin(struct container *container, struct request *request)
{
	bool checkpoint = false;
	if (!decode(container, &checkpoint, request->payload))
		refuse(request, CODE_INVALID_ARGUMENT, "malformed Create request");
	else if (is_taken(container))
		refuse(request, CODE_ALREADY_EXISTS, "container \"%s\": already exists in this shim", container->id);
	else if (checkpoint)
		refuse(request, CODE_UNIMPLEMENTED, "restoring a checkpoint is not supported");
	else
		return true;
	return false;
}

void verb_create(struct request *request)
{
	char error[512];
	struct container *container = container_new();
	if (!container) {
		refuse(request, CODE_RESOURCE_EXHAUSTED, "no memory");
		return;
	}
	if (!begin(container, request)) {
		process_free(&container->init); /* nothing was done for it, and nobody knew of it */
		container_remove(container);
		return;
	}
	snprintf(container->init.traceparent, sizeof container->init.traceparent, "%s", request->traceparent);
	service_watch_idle();
	if (!prepare(container, request, error)) {
		container_forget(container, &request->trace);
		fail(request, error);
		return;
	}
	stdio_handed_over(&container->init.stdio);
}
