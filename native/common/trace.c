#include "trace.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool is_hex(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!strchr("0123456789abcdef", text[i]) || text[i] == '\0')
			return false;
	return true;
}

static const char *trace_root(void)
{
	const char *root = getenv("TLAB_TRACES");
	return root && root[0] == '/' ? root : "/var/lib/tlab/traces";
}

bool trace_open(struct trace *trace, const char *stage, const char *traceparent)
{
	*trace = (struct trace){ .fd = -1, .stage = stage };
	/* 00-<32 hex>-<16 hex>-<flags> */
	if (!traceparent || strlen(traceparent) != 55 || strncmp(traceparent, "00-", 3) != 0)
		return false;
	if (!is_hex(traceparent + 3, 32) || !is_hex(traceparent + 36, 16) || !(strtol(traceparent + 53, NULL, 16) & 1))
		return false;
	memcpy(trace->id, traceparent + 3, 32);
	memcpy(trace->span, traceparent + 36, 16);

	char path[4096];
	int n = snprintf(path, sizeof path, "%s/%s/parts/%s-%d.jsonl", trace_root(), trace->id, stage, (int)getpid());
	if (n < 0 || (size_t)n >= sizeof path)
		return false;
	trace->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0660);
	return trace->fd >= 0;
}

void trace_close(struct trace *trace)
{
	if (trace->fd >= 0)
		close(trace->fd);
	trace->fd = -1;
}

void trace_child(const struct trace *trace, char span[17], char traceparent[56])
{
	unsigned char raw[8] = { 0 };
	if (getrandom(raw, sizeof raw, 0) < 0)
		raw[0] = 1; /* no entropy yet: a valid span id all the same, all zeros is not one */
	for (int i = 0; i < 8; i++)
		snprintf(span + 2 * i, 3, "%02x", raw[i]);
	snprintf(traceparent, 56, "00-%s-%s-01", trace->id, span);
}

bool trace_path(const struct trace *trace, const char *suffix, char *path, unsigned long size)
{
	if (trace->fd < 0)
		return false;
	int n = snprintf(path, size, "%s/%s/parts/%s-%d%s", trace_root(), trace->id, trace->stage, (int)getpid(), suffix);
	return n > 0 && (unsigned long)n < size;
}

void trace_emit(const struct trace *trace, const char *type, const char *span, const char *cause, const char *twin,
                const struct json *data)
{
	if (trace->fd < 0 || data->overflow)
		return;
	char line[16384];
	struct json out;
	struct timespec now;
	char ns[32];
	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(ns, sizeof ns, "%llu", (unsigned long long)now.tv_sec * 1000000000ULL + (unsigned long long)now.tv_nsec);

	json_begin(&out, line, sizeof line - 2);
	json_object(&out, NULL);
	json_string(&out, "t", ns);
	json_string(&out, "stage", strncmp(type, "kernel.", 7) == 0 ? "kernel" : trace->stage);
	json_number(&out, "pid", getpid());
	json_number(&out, "tid", syscall(SYS_gettid));
	json_string(&out, "type", type);
	json_string(&out, "span", span ? span : trace->span);
	if (cause)
		json_string(&out, "cause", cause);
	json_string(&out, "truth", "observed");
	json_raw(&out, "data", data->buffer);
	if (twin)
		json_string(&out, "twin", twin);
	json_end_object(&out);
	if (out.overflow)
		return;
	line[out.length] = '\n';
	if (write(trace->fd, line, out.length + 1) < 0)
		return; /* a full disk must not change what the traced command does */
}
