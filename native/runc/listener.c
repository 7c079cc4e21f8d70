/*
 * A filter may hand system calls to an agent, a process on the host, through a descriptor that seccomp(2) makes in the filtered
 * process: the listener. From the filter on, any call of the child may wait for that agent, sendmsg(2) and close(2) too. So:
 *
 *     runtime                              child
 *     connects to the agent
 *                         ◀───────────     LISTENER, the last thing that it says unfiltered
 *                                          seccomp(2); writes the descriptor's number into shared memory
 *     pidfd_getfd(2), sendmsg(2)           waits by looking at shared memory: no system call
 *     sets listener_sent                   goes on
 *
 * The child must not go on earlier: an exec would close the listener before it is fetched. A runtime that dies takes the child along
 * (PR_SET_PDEATHSIG).
 */
#include "listener.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/json.h"
#include "descriptor.h"
#include "handover.h"
#include "syscalls.h"

#define AGENT_DEADLINE_S 10
#define METADATA_BYTES 65536

/* @source oci-runtime config-linux#seccomp listenerPath */
int op_seccomp_listener(struct executor *executor, const struct operation *operation)
{
	const char *path = operation->arguments[SECCOMP_LISTENER_PATH].string;
	executor->agent = unix_connect(path, "the seccomp agent", AGENT_DEADLINE_S, executor->failure);
	executor->listener = operation;
	return executor->agent < 0 ? -1 : 0;
}

int listener_install(struct executor *executor, const void *filter, unsigned long flags)
{
	struct shared *shared = executor->shared;
	if (message_tell(executor->socket, MESSAGE_LISTENER, executor->current) < 0)
		return -1;
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, filter);
	atomic_store(&shared->listener, fd < 0 ? LISTENER_FAILED : (int)fd + 1);
	while (fd >= 0 && !atomic_load(&shared->listener_sent))
		continue;
	return fd < 0 ? -1 : 0; /* close-on-exec: closing it now would be a filtered call */
}

/* @source oci-runtime config-linux#containerprocessstate */
static int process_state(const struct executor *executor, char *text, size_t size)
{
	const char *metadata = executor->listener->arguments[SECCOMP_LISTENER_METADATA].string;
	struct json json;
	json_begin(&json, text, size);
	json_object(&json, NULL);
	json_string(&json, "ociVersion", executor->oci_version);
	json_array(&json, "fds");
	json_string(&json, NULL, "seccompFd");
	json_end_array(&json);
	json_number(&json, "pid", executor->child);
	if (metadata[0] != '\0')
		json_string(&json, "metadata", metadata);
	json_raw(&json, "state", executor->shared->state_json);
	json_end_object(&json);
	return json.overflow ? -1 : (int)json.length;
}

static int send_fetched(struct executor *executor, int listener)
{
	static char text[STATE_JSON_BYTES + METADATA_BYTES];
	int length = process_state(executor, text, sizeof text);
	if (length < 0)
		return FAIL(executor, "telling the seccomp agent: the state and its metadata are longer than %zu bytes", sizeof text);
	if (send_descriptor(executor->agent, listener, text, (size_t)length) < 0)
		return FAIL_CALL(executor, "sendmsg(2)", "sending the listener to the seccomp agent");
	return 0;
}

/* The number that the child's listener has, plus one; 0 when the child has ended first. */
static int wait_for_listener(const struct executor *executor, int child)
{
	struct pollfd ended = { .fd = child, .events = POLLIN };
	int number;
	while ((number = atomic_load(&executor->shared->listener)) == 0)
		if (poll(&ended, 1, 1) > 0)
			return atomic_load(&executor->shared->listener);
	return number;
}

static int fetch_and_send(struct executor *executor, int child)
{
	int number = wait_for_listener(executor, child);
	if (number == 0 || number == LISTENER_FAILED)
		return 0; /* its end, or its next message, says why */
	int listener = sys_pidfd_getfd(child, number - 1);
	if (listener < 0)
		return FAIL_CALL(executor, "pidfd_getfd(2)", "fetching the listener of the filter");
	int result = send_fetched(executor, listener);
	close(listener);
	if (result == 0)
		atomic_store(&executor->shared->listener_sent, 1);
	return result;
}

int listener_send(struct executor *executor)
{
	if (executor->agent < 0)
		return FAIL(executor, "the filter has a listener, but no agent is named");
	int child = sys_pidfd_open(executor->child); /* not reaped yet: the number is still its */
	if (child < 0)
		return FAIL_CALL(executor, "pidfd_open(2)", "fetching the listener of the filter");
	int result = fetch_and_send(executor, child);
	close(child);
	close(executor->agent);
	executor->agent = -1;
	return result;
}
