#include "events.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BODY_BYTES 12288

void events_open(struct events *events)
{
	trace_open(&events->trace, "runc", getenv("TRACEPARENT"));
}

void event_request(const struct events *events, const char *method, char **argv)
{
	char text[BODY_BYTES];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "door", "exec");
	json_string(&json, "peer", "shim");
	json_string(&json, "method", method);
	json_object(&json, "body");
	json_array(&json, "argv");
	for (char **item = argv; *item; item++)
		json_string(&json, NULL, *item);
	json_end_array(&json);
	json_end_object(&json);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.request-received", NULL, NULL, NULL, &json);
}

void event_response(const struct events *events, const char *method, int status, const char *error)
{
	char text[BODY_BYTES];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "door", "exec");
	json_string(&json, "peer", "shim");
	json_string(&json, "method", method);
	json_number(&json, "status", status);
	if (error && error[0] != '\0')
		json_string(&json, "error", error);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.response-sent", NULL, NULL, NULL, &json);
}

void event_state(const struct events *events, const char *id, struct change change)
{
	char text[BODY_BYTES];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "id", id);
	json_string(&json, "from", change.from);
	json_string(&json, "to", change.to);
	json_string(&json, "event", change.event);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.state-changed", NULL, NULL, NULL, &json);
}

/* The parts folder of this trace and the name of one of its files. */
static int part_path(const struct events *events, const char *name, char path[PATH_MAX])
{
	if (!trace_path(&events->trace, "", path, PATH_MAX))
		return -1;
	char *slash = strrchr(path, '/');
	if (!slash || (size_t)(slash - path) + strlen(name) + 2 > PATH_MAX)
		return -1;
	strcpy(slash + 1, name);
	return 0;
}

/* The plan with the values of environment variables blanked: a trace must not hold secrets. */
static uint8_t *blanked(const struct plan *plan)
{
	uint8_t *copy = malloc(plan->size);
	if (!copy)
		return NULL;
	memcpy(copy, plan->data, plan->size);
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct operation *operation = &plan->operations[i];
		if (operation->code != OP_EXEC && operation->code != OP_HOOK)
			continue;
		int place = operation->code == OP_EXEC ? (int)EXEC_ENV : (int)HOOK_ENV;
		for (char **item = operation->arguments[place].strings.items; *item; item++) {
			const char *equals = strchr(*item, '=');
			if (equals && strncmp(*item, "PATH=", 5) != 0 && strncmp(*item, "HOME=", 5) != 0)
				memset(copy + ((const uint8_t *)equals + 1 - plan->data), '*', strlen(equals + 1));
		}
	}
	return copy;
}

static void copy_plan(const struct plan *plan, const char *path)
{
	uint8_t *copy = blanked(plan);
	int fd = copy ? open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660) : -1;
	if (fd >= 0) { /* otherwise an earlier command of this trace has put it there */
		ssize_t written = write(fd, copy, plan->size);
		close(fd);
		if (written != (ssize_t)plan->size)
			unlink(path);
	}
	free(copy);
}

void events_plan_begin(const struct events *events, const struct plan *plan, struct records *records)
{
	char path[PATH_MAX], name[96];
	*records = (struct records){ 0 };
	snprintf(name, sizeof name, "%s.plan", plan->sha256);
	if (part_path(events, name, path) < 0)
		return;
	copy_plan(plan, path);
	snprintf(name, sizeof name, "runc-%d.records", (int)getpid());
	if (part_path(events, name, path) == 0)
		records_open(records, path, plan->count);
}

void event_plan_executed(const struct events *events, const struct plan *plan, struct execution execution)
{
	char text[BODY_BYTES], name[96];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "id", execution.id);
	json_string(&json, "rootfs", execution.rootfs);
	json_string(&json, "planSha256", plan->sha256);
	snprintf(name, sizeof name, "%s.plan", plan->sha256);
	json_string(&json, "planFile", name);
	snprintf(name, sizeof name, "runc-%d.records", (int)getpid());
	json_string(&json, "recordsFile", name);
	json_number(&json, "operations", plan->count);
	json_number(&json, "runtimePid", getpid());
	json_number(&json, "initPid", execution.init);
	if (execution.joiner > 0)
		json_number(&json, "joinerPid", execution.joiner);
	json_end_object(&json);
	trace_emit(&events->trace, "runc.plan-executed", NULL, NULL, NULL, &json);
}

void event_cgroup_removed(const struct events *events, const char *path)
{
	char text[BODY_BYTES], twin[PATH_MAX + 16];
	struct json json;
	if (events->trace.fd < 0)
		return;
	json_begin(&json, text, sizeof text);
	json_object(&json, NULL);
	json_string(&json, "path", path);
	json_end_object(&json);
	snprintf(twin, sizeof twin, "rmdir %s", path);
	trace_emit(&events->trace, "kernel.cgroup-removed", NULL, "config:/linux/cgroupsPath", twin, &json);
}
