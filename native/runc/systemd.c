/*
 * systemd_call: one call of systemd's manager over its private socket, which needs no message bus. The compiler wrote the whole
 * message; only the child's pid, known since the clone, is set in it.
 *
 *     tlab-runc                                     systemd (process 1)
 *     \0 AUTH EXTERNAL <uid in hex>,
 *     BEGIN                           ──────▶
 *                                     ◀──────       OK <its id>
 *     the message                     ──────▶
 *                                     ◀──────       method return: for a job, its path; or an error
 *                                     ◀──────       signal JobRemoved: job, unit, result
 *
 * BEGIN is not sent with the message: systemd then reads both at once, and waits for more bytes before it looks at what it has.
 * On this socket signals come unasked, and others' too: what is not awaited is skipped.
 * @source dbus-specification, Authentication Protocol, Message Protocol; man org.freedesktop.systemd1(5)
 */
#include "systemd.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "dbus.h"
#include "executor.h"

#define SOCKET_PATH "/run/systemd/private"
#define ANSWER_SECONDS 30

static int connect_manager(struct failure *failure)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = SOCKET_PATH };
	struct timeval limit = { .tv_sec = ANSWER_SECONDS };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return fail_call(failure, "socket(2)", "connecting to systemd");
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	if (connect(fd, (struct sockaddr *)(void *)&address, sizeof address) == 0)
		return fd;
	fail_call(failure, "connect(2)", "connecting to systemd at \"%s\"", SOCKET_PATH);
	close(fd);
	return -1;
}

static bool send_all(int fd, const void *data, size_t size)
{
	for (size_t sent = 0; sent < size;) {
		ssize_t n = send(fd, (const char *)data + sent, size - sent, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		sent += (size_t)n;
	}
	return true;
}

static int authenticate(int fd, struct failure *failure)
{
	char uid[16], line[256] = "\0AUTH EXTERNAL ";
	size_t length = 1 + strlen(line + 1);
	snprintf(uid, sizeof uid, "%u", (unsigned)geteuid());
	for (const char *digit = uid; *digit; digit++)
		length += (size_t)snprintf(line + length, sizeof line - length, "%02x", (unsigned)*digit);
	length += (size_t)snprintf(line + length, sizeof line - length, "\r\nBEGIN\r\n");
	if (!send_all(fd, line, length))
		return fail_call(failure, "send(2)", "authenticating to systemd");
	for (length = 0; length < sizeof line - 1; length++) {
		if (recv(fd, line + length, 1, 0) != 1)
			return fail_call(failure, "recv(2)", "authenticating to systemd");
		if (line[length] == '\n')
			break;
	}
	line[length] = '\0';
	return strncmp(line, "OK ", 3) == 0 ? 0 : fail_plain(failure, "authenticating to systemd: \"%.60s\"", line);
}

/* ── the answer ── */

struct awaited {
	const char *unit;
	bool job; /* the call starts a job, whose end is awaited */
	bool answered, ended;
	char job_path[DBUS_TEXT_MAX]; /* of the answer */
	char last_path[DBUS_TEXT_MAX], last_result[64]; /* the unit's last job that ended: it may be told before the answer */
};

static void see_job_removed(struct awaited *awaited, const struct dbus_message *message)
{
	struct dbus_body body = dbus_body_of(message);
	char path[DBUS_TEXT_MAX], unit[DBUS_TEXT_MAX], result[64];
	if (!dbus_skip_u32(&body) || !dbus_take_text(&body, path, sizeof path) || !dbus_take_text(&body, unit, sizeof unit) ||
	    !dbus_take_text(&body, result, sizeof result) || strcmp(unit, awaited->unit) != 0)
		return;
	strcpy(awaited->last_path, path);
	strcpy(awaited->last_result, result);
}

/* -1 with the manager's own words, and its name of the error in `name`. */
static int see(struct awaited *awaited, const struct dbus_message *message, char name[DBUS_TEXT_MAX], struct failure *failure)
{
	struct dbus_body body = dbus_body_of(message);
	char text[DBUS_TEXT_MAX] = "";
	if (message->type == DBUS_SIGNAL && strcmp(message->member, "JobRemoved") == 0)
		see_job_removed(awaited, message);
	if (message->reply_serial == DBUS_SERIAL && message->type == DBUS_ERROR) {
		strcpy(name, message->error_name);
		dbus_take_text(&body, text, sizeof text);
		return fail_plain(failure, "%s (%s)", text, name);
	}
	if (message->reply_serial == DBUS_SERIAL && message->type == DBUS_METHOD_RETURN) {
		awaited->answered = true;
		if (awaited->job && !dbus_take_text(&body, awaited->job_path, sizeof awaited->job_path))
			return fail_plain(failure, "its answer has no job");
	}
	awaited->ended = awaited->answered && (!awaited->job || strcmp(awaited->job_path, awaited->last_path) == 0);
	return 0;
}

static int await(int fd, struct awaited *awaited, char name[DBUS_TEXT_MAX], struct failure *failure)
{
	while (!awaited->ended) {
		struct dbus_message message;
		if (dbus_receive(fd, &message) < 0)
			return fail_call(failure, "recv(2)", "waiting for its answer");
		int result = see(awaited, &message, name, failure);
		dbus_free(&message);
		if (result < 0)
			return -1;
	}
	if (awaited->job && strcmp(awaited->last_result, "done") != 0)
		return fail_plain(failure, "its job ended with \"%s\"", awaited->last_result);
	return 0;
}

/* ── the call ── */

static int call_manager(const struct operation *operation, pid_t child, char name[DBUS_TEXT_MAX], struct failure *failure)
{
	struct awaited awaited = { .unit = operation->arguments[SYSTEMD_CALL_UNIT].string,
		                   .job = operation->arguments[SYSTEMD_CALL_AWAITS_JOB].number != 0 };
	union value given = operation->arguments[SYSTEMD_CALL_MESSAGE];
	uint64_t pid_at = operation->arguments[SYSTEMD_CALL_PID_AT].number;
	uint32_t pid = (uint32_t)child;
	if (pid_at != 0 && (given.bytes.size < sizeof pid || pid_at > given.bytes.size - sizeof pid))
		return fail_plain(failure, "the pid's place is not in the message");
	uint8_t *message = malloc(given.bytes.size + 1);
	int fd = message ? connect_manager(failure) : fail_call(failure, "malloc", "copying the message");
	int result = fd;
	if (fd >= 0) {
		memcpy(message, given.bytes.data, given.bytes.size);
		if (pid_at != 0)
			memcpy(message + pid_at, &pid, sizeof pid);
		result = authenticate(fd, failure);
		if (result == 0 && !send_all(fd, message, given.bytes.size))
			result = fail_call(failure, "send(2)", "sending the call");
		if (result == 0)
			result = await(fd, &awaited, name, failure);
		close(fd);
	}
	free(message);
	return result;
}

/* 0, ENOENT for an error that the plan tolerates, or -1. */
static int call_operation(const struct operation *operation, pid_t child, struct failure *failure)
{
	char name[DBUS_TEXT_MAX] = "", prefix[512];
	const char *tolerated = operation->arguments[SYSTEMD_CALL_TOLERATES].string;
	if (call_manager(operation, child, name, failure) == 0)
		return 0;
	if (name[0] != '\0' && strcmp(name, tolerated) == 0) {
		*failure = (struct failure){ 0 };
		return ENOENT;
	}
	snprintf(prefix, sizeof prefix, "systemd %s of \"%s\": ", operation->arguments[SYSTEMD_CALL_MEMBER].string,
	         operation->arguments[SYSTEMD_CALL_UNIT].string);
	failure_prefix(failure, prefix);
	return -1;
}

int op_systemd_call(struct executor *executor, const struct operation *operation)
{
	if (plan_find(executor->plan, OP_EXEC, executor->current) == NULL)
		return 0; /* after exec: delete makes it */
	int result = call_operation(operation, executor->child, executor->failure);
	if (result > 0)
		executor->tolerated = result;
	if (result == 0 && operation->arguments[SYSTEMD_CALL_PID_AT].number != 0)
		executor->unit_started = true;
	return result < 0 ? -1 : 0;
}

int systemd_calls_late(const struct plan *plan, struct failure *failure)
{
	const struct operation *exec = plan_find(plan, OP_EXEC, 0);
	for (uint32_t i = exec ? (uint32_t)(exec - plan->operations) : plan->count; i < plan->count; i++)
		if (plan->operations[i].code == OP_SYSTEMD_CALL && call_operation(&plan->operations[i], 0, failure) < 0)
			return -1;
	return 0;
}
