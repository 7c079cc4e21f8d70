/* The long-lived shim: the loop, when it ends, and what it takes along. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../common/control.h"
#include "shim.h"

enum { IDLE_MS = 30000, FAREWELL_MS = 1000 };

static struct timer idle;
static bool leaving;

static void leave(struct timer *timer)
{
	(void)timer;
	loop_stop();
}

void server_shutdown(void)
{
	leaving = true;
	if (events_pending())
		timer_set(&idle, FAREWELL_MS, leave); /* the last event goes first, but not at any price */
	else
		loop_stop();
}

void server_events_sent(void)
{
	if (leaving)
		loop_stop();
}

void service_watch_idle(void)
{
	if (leaving)
		return;
	if (service_connections() == 0 && !shim.containers)
		timer_set(&idle, IDLE_MS, leave);
	else
		timer_stop(&idle);
}

/*
 * A container takes a dozen descriptors, so a group of a hundred more than the usual 1024. The runtime, and with it the container,
 * gets the limit that we were started with.
 */
static void raise_descriptor_limit(void)
{
	if (getrlimit(RLIMIT_NOFILE, &shim.descriptors) < 0)
		return;
	struct rlimit raised = { shim.descriptors.rlim_max, shim.descriptors.rlim_max };
	setrlimit(RLIMIT_NOFILE, &raised);
}

int action_serve(int fd)
{
	prctl(PR_SET_NAME, "shim");
	/* Whatever else containerd's parents left open must not reach a runtime, nor a container. */
	syscall(SYS_close_range, fd + 1, ~0u, 0);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	control_open("shim", fd + 1);
	raise_descriptor_limit();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	unsetenv("TRACEPARENT");   /* that of the start action; each request brings its own */
	unsetenv("NOTIFY_SOCKET"); /* a runtime would take it for the container's */
	if (!reaper_listen() || !service_listen(fd)) {
		perror("containerd-shim-tlab-v2");
		return 1;
	}
	service_watch_idle();
	loop_run();
	unlink(shim.socket);
	return 0;
}
