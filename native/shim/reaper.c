/*
 * The shim is the subreaper of everything below it: SIGCHLD arrives as a descriptor, every zombie is taken at once.
 * A container's process can end before its runtime has told us its pid, so while a call is under way exits of unknown
 * children are kept.
 * @source man PR_SET_CHILD_SUBREAPER(2const)
 */
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime.h"

struct early_exit {
	pid_t pid;
	int wait_status;
	struct timespec at;
	struct early_exit *next;
};

static struct {
	struct source signals;
	struct early_exit *early;
	int expecting;
} reaper;

static struct process *process_of(pid_t pid)
{
	for (struct container *container = shim.containers; container; container = container->next) {
		if (container->init.pid == pid && container->init.status != STATUS_STOPPED)
			return &container->init;
		for (struct process *process = container->execs; process; process = process->next)
			if (process->pid == pid && process->status != STATUS_STOPPED)
				return process;
	}
	return NULL;
}

static void keep(pid_t pid, int wait_status, struct timespec at)
{
	struct early_exit *exit = reaper.expecting > 0 ? malloc(sizeof *exit) : NULL;
	if (!exit)
		return;
	*exit = (struct early_exit){ pid, wait_status, at, reaper.early };
	reaper.early = exit;
}

void reaper_expect(int delta)
{
	reaper.expecting += delta;
	while (reaper.expecting == 0 && reaper.early) {
		struct early_exit *exit = reaper.early;
		reaper.early = exit->next;
		free(exit);
	}
}

void reaper_adopt(struct process *process)
{
	for (struct early_exit *exit = reaper.early; exit; exit = exit->next) {
		if (exit->pid != process->pid)
			continue;
		exit->pid = 0;
		process_exited(process, exit->wait_status, exit->at);
		return;
	}
}

static void reap(void)
{
	int wait_status;
	pid_t pid;
	while ((pid = waitpid(-1, &wait_status, WNOHANG)) > 0) {
		struct timespec now;
		clock_gettime(CLOCK_REALTIME, &now);
		if (runtime_reaped(pid, wait_status))
			continue;
		struct process *process = process_of(pid);
		if (process)
			process_exited(process, wait_status, now);
		else
			keep(pid, wait_status, now);
	}
}

static void signal_ready(struct source *source, short revents)
{
	struct signalfd_siginfo infos[8];
	(void)revents;
	ssize_t n = read(source->fd, infos, sizeof infos);
	for (ssize_t i = 0; i < n / (ssize_t)sizeof *infos; i++) {
		/* A shim that holds a container stays: with it would go the exit status and the streams. */
		if (infos[i].ssi_signo == SIGTERM && !shim.containers)
			loop_stop();
	}
	reap();
}

bool reaper_listen(void)
{
	sigset_t watched;
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	sigaddset(&watched, SIGINT);
	if (sigprocmask(SIG_BLOCK, &watched, NULL) < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return false;
	int fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd >= 0 && loop_add(&reaper.signals, fd, POLLIN, signal_ready);
}
