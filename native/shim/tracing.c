#include "tracing.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

#include "../common/names.h"
#include "runtime.h"

enum { DATA = 4096, TWIN = 2048 };

static const char *const status_names[] = { "unknown", "created", "running", "stopped", "paused", "pausing" };

struct text {
	char at[TWIN];
	size_t length;
};

static void text_add(struct text *text, const char *more)
{
	size_t length = strlen(more);
	if (length >= sizeof text->at - text->length)
		return;
	memcpy(text->at + text->length, more, length + 1);
	text->length += length;
}

/* One word of a shell command, quoted when it has to be. */
static void text_add_word(struct text *text, const char *word)
{
	if (text->length > 0)
		text_add(text, " ");
	if (word[0] && strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=,+@%") == strlen(word)) {
		text_add(text, word);
		return;
	}
	text_add(text, "'");
	for (; *word; word++) {
		const char letter[2] = { *word, 0 };
		text_add(text, *word == '\'' ? "'\\''" : letter);
	}
	text_add(text, "'");
}

static void begin(struct json *json, char buffer[DATA])
{
	json_begin(json, buffer, DATA);
	json_object(json, NULL);
}

static void door(struct json *json, const char *kind, const char *peer, const char *method)
{
	json_string(json, "door", kind);
	json_string(json, "peer", peer);
	json_string(json, "method", method);
}

static const char *task_method(const struct request *request, char buffer[64])
{
	snprintf(buffer, 64, "containerd.task.v2.Task/%s", request->verb->name);
	return buffer;
}

void trace_request_received(const struct request *request)
{
	char buffer[DATA], method[64];
	struct json json;
	if (request->trace.fd < 0)
		return;
	begin(&json, buffer);
	door(&json, "ttrpc", "containerd", task_method(request, method));
	json_end_object(&json);
	trace_emit(&request->trace, "shim.request-received", NULL, NULL, NULL, &json);
}

void trace_response_sent(const struct request *request, enum code code, const char *error)
{
	char buffer[DATA], method[64];
	struct json json;
	if (request->trace.fd < 0)
		return;
	begin(&json, buffer);
	door(&json, "ttrpc", "containerd", task_method(request, method));
	json_number(&json, "status", code);
	if (error)
		json_string(&json, "error", error);
	json_end_object(&json);
	trace_emit(&request->trace, "shim.response-sent", NULL, NULL, NULL, &json);
}

void trace_runtime_request(const struct trace *trace, const struct call *call)
{
	char buffer[DATA];
	struct json json;
	begin(&json, buffer);
	door(&json, "exec", "runc", call->verb);
	json_string(&json, "parent", trace->span);
	json_end_object(&json);
	trace_emit(trace, "shim.request-sent", call->span, NULL, NULL, &json);
}

void trace_runtime_response(const struct trace *trace, const struct call *call, int wait_status, const char *error)
{
	char buffer[DATA];
	struct json json;
	begin(&json, buffer);
	door(&json, "exec", "runc", call->verb);
	json_number(&json, "status", WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status));
	if (error)
		json_string(&json, "error", error);
	json_end_object(&json);
	trace_emit(trace, "shim.response-received", call->span, NULL, NULL, &json);
}

void trace_executed(const struct trace *trace, const char *span, const char *const *argv, pid_t child)
{
	char buffer[DATA];
	struct json json;
	struct text twin = { .length = 0 };
	if (trace->fd < 0)
		return;
	begin(&json, buffer);
	json_string(&json, "executable", argv[0]);
	json_array(&json, "argv");
	for (int i = 0; argv[i]; i++) {
		json_string(&json, NULL, argv[i]);
		text_add_word(&twin, argv[i]);
	}
	json_end_array(&json);
	json_number(&json, "childPid", child);
	json_end_object(&json);
	trace_emit(trace, "kernel.process-executed", span, NULL, twin.at, &json);
}

void trace_mounted(const struct trace *trace, const struct traced_mount *mount)
{
	char buffer[DATA];
	struct json json;
	struct text twin = { .length = 0 };
	if (trace->fd < 0)
		return;
	begin(&json, buffer);
	json_string(&json, "source", mount->source);
	json_string(&json, "target", mount->target);
	json_string(&json, "fstype", mount->type ? mount->type : "");
	json_string(&json, "options", mount->options ? mount->options : "");
	if (mount->error)
		json_string(&json, "errno", errno_name(mount->error));
	json_end_object(&json);
	text_add(&twin, "mount");
	if (mount->type && mount->type[0] && strcmp(mount->type, "bind") != 0) {
		text_add_word(&twin, "-t");
		text_add_word(&twin, mount->type);
	}
	if (mount->options) {
		text_add_word(&twin, "-o");
		text_add_word(&twin, mount->options);
	}
	text_add_word(&twin, mount->source);
	text_add_word(&twin, mount->target);
	if (mount->options && strstr(mount->options, "uidmap="))
		text_add(&twin, "  # uidmap and gidmap by mount --bind -o X-mount.idmap=MAP of each lower directory before");
	trace_emit(trace, "kernel.mount-attached", NULL, NULL, twin.at, &json);
}

void trace_unmounted(const struct trace *trace, const char *target)
{
	char buffer[DATA];
	struct json json;
	struct text twin = { .length = 0 };
	if (trace->fd < 0)
		return;
	begin(&json, buffer);
	json_string(&json, "target", target);
	json_string(&json, "flags", "MNT_DETACH|UMOUNT_NOFOLLOW");
	json_end_object(&json);
	text_add(&twin, "umount -l");
	text_add_word(&twin, target);
	trace_emit(trace, "kernel.mount-detached", NULL, NULL, twin.at, &json);
}

static void identify(struct json *json, const struct process *process)
{
	json_string(json, "id", process->container->id);
	if (process->exec_id[0])
		json_string(json, "execId", process->exec_id);
}

void trace_stdio(const struct trace *trace, const struct process *process)
{
	static const char *const names[3] = { "stdin", "stdout", "stderr" };
	char buffer[DATA];
	struct json json;
	if (trace->fd < 0)
		return;
	begin(&json, buffer);
	identify(&json, process);
	json_raw(&json, "terminal", process->stdio.terminal ? "true" : "false");
	for (int i = 0; i < 3; i++)
		json_string(&json, names[i], process->stdio.paths[i] && process->stdio.paths[i][0] ? process->stdio.paths[i] : "/dev/null");
	json_end_object(&json);
	trace_emit(trace, "shim.stdio-opened", NULL, NULL, NULL, &json);
}

void trace_status(const struct trace *trace, const struct process *process, enum status from, enum status to)
{
	char buffer[DATA];
	struct json json;
	if (trace->fd < 0)
		return;
	begin(&json, buffer);
	identify(&json, process);
	json_string(&json, "from", status_names[from]);
	json_string(&json, "to", status_names[to]);
	if (process->pid)
		json_number(&json, "taskPid", process->pid);
	json_end_object(&json);
	trace_emit(trace, "shim.process-changed", NULL, NULL, NULL, &json);
}

static void put_signal(struct json *json, int number)
{
	char text[16];
	snprintf(text, sizeof text, "signal %d", number);
	const char *name = signal_name(number);
	json_string(json, "signal", name ? name : text);
}

void trace_reaped(const struct process *process, int wait_status)
{
	char buffer[DATA];
	struct json json;
	struct trace trace;
	if (!trace_open(&trace, "shim", process->traceparent))
		return;
	begin(&json, buffer);
	json_number(&json, "childPid", process->pid);
	json_number(&json, "status", process->exit_status);
	if (WIFSIGNALED(wait_status))
		put_signal(&json, WTERMSIG(wait_status));
	json_end_object(&json);
	trace_emit(&trace, "kernel.process-exited", NULL, NULL, NULL, &json);

	begin(&json, buffer);
	identify(&json, process);
	json_number(&json, "taskPid", process->pid);
	json_number(&json, "status", process->exit_status);
	json_end_object(&json);
	trace_emit(&trace, "shim.exit-recorded", NULL, NULL, NULL, &json);
	trace_status(&trace, process, process->status, STATUS_STOPPED);
	trace_close(&trace);
}

void trace_published(const char *traceparent, const char *topic, int code)
{
	char buffer[DATA];
	struct json json;
	struct trace trace;
	if (!traceparent || !trace_open(&trace, "shim", traceparent))
		return;
	begin(&json, buffer);
	json_string(&json, "topic", topic);
	json_number(&json, "status", code);
	json_end_object(&json);
	trace_emit(&trace, "shim.event-published", NULL, NULL, NULL, &json);
	trace_close(&trace);
}

void trace_dropped(const char *traceparent, const char *topic, const char *container)
{
	char buffer[DATA];
	struct json json;
	struct trace trace;
	if (!trace_open(&trace, "shim", traceparent))
		return;
	begin(&json, buffer);
	json_string(&json, "topic", topic);
	json_string(&json, "id", container);
	json_end_object(&json);
	trace_emit(&trace, "shim.event-dropped", NULL, NULL, NULL, &json);
	trace_close(&trace);
}

void trace_action_received(const struct trace *trace, const char *action)
{
	char buffer[DATA];
	struct json json;
	begin(&json, buffer);
	door(&json, "exec", "containerd", action);
	json_end_object(&json);
	trace_emit(trace, "shim.request-received", NULL, NULL, NULL, &json);
}

void trace_action_done(const struct trace *trace, const char *action, int status)
{
	char buffer[DATA];
	struct json json;
	begin(&json, buffer);
	door(&json, "exec", "containerd", action);
	json_number(&json, "status", status);
	json_end_object(&json);
	trace_emit(trace, "shim.response-sent", NULL, NULL, NULL, &json);
}

void trace_server_started(const struct trace *trace, pid_t pid)
{
	char buffer[DATA];
	struct json json;
	begin(&json, buffer);
	json_string(&json, "id", shim.id);
	json_string(&json, "socket", shim.socket);
	json_number(&json, "shimPid", pid);
	json_end_object(&json);
	trace_emit(trace, "shim.server-started", NULL, NULL, NULL, &json);
}

void trace_server_joined(const struct trace *trace)
{
	char buffer[DATA];
	struct json json;
	begin(&json, buffer);
	json_string(&json, "id", shim.id);
	json_string(&json, "group", shim.group);
	json_string(&json, "socket", shim.socket);
	json_end_object(&json);
	trace_emit(trace, "shim.server-joined", NULL, NULL, NULL, &json);
}
