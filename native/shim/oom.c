/*
 * /tasks/oom. The kernel wakes us (cgroup v1: an eventfd registered in cgroup.event_control; v2: inotify on memory.events),
 * but it also does so when the cgroup is removed, so what counts is whether the oom_kill counter has grown. On version 1 it wakes us
 * before it kills, so we look again for a while.
 * @source kernel cgroup-v1/memory.rst#oom-control
 * @source kernel cgroup-v2.rst memory.events
 */
#include "oom.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "cgroups.h"
#include "shim.h"

enum { LOOKS = 20, LOOK_MS = 50 };

static bool read_counter(const struct oom *oom, uint64_t *count)
{
	char text[1024];
	ssize_t n = pread(oom->counters, text, sizeof text - 1, 0);
	if (n <= 0)
		return false; /* ENODEV: the cgroup is gone */
	text[n] = '\0';
	*count = cgroup_keyed(text, "oom_kill");
	return true;
}

void oom_forget(struct oom *oom)
{
	if (!oom->watched)
		return;
	int fd = oom->source.fd;
	timer_stop(&oom->again);
	loop_remove(&oom->source);
	close(fd);
	close(oom->counters);
	oom->watched = false;
}

void oom_check(struct container *container)
{
	uint64_t count;
	struct oom *oom = &container->oom;
	if (!oom->watched)
		return;
	if (!read_counter(oom, &count)) {
		oom_forget(oom);
		return;
	}
	if (count <= oom->seen)
		return;
	oom->seen = count;
	struct writer event = { 0 };
	put_string(&event, 1, container->id);
	publish(&(struct news){ "/tasks/oom", "containerd.events.TaskOOM", container->id, container->init.traceparent, false }, &event);
	writer_free(&event);
}

/* Until the counter has grown, or nothing is left to wait for. */
static void look(struct container *container);

static void look_again(struct timer *timer)
{
	look((struct container *)(void *)((char *)timer - offsetof(struct container, oom.again)));
}

static void look(struct container *container)
{
	struct oom *oom = &container->oom;
	uint64_t seen = oom->seen;
	oom_check(container);
	if (oom->watched && oom->seen == seen && oom->looks-- > 0)
		timer_set(&oom->again, LOOK_MS, look_again);
}

static void woken(struct source *source, short revents)
{
	char drained[4096];
	struct container *container = (struct container *)(void *)((char *)source - offsetof(struct container, oom.source));
	if (read(source->fd, drained, sizeof drained) <= 0 || (revents & POLLERR)) {
		oom_forget(&container->oom);
		return;
	}
	container->oom.looks = LOOKS;
	look(container);
}

static int watch_v1(const char *folder, int counters)
{
	char path[PATH_MAX + 32], line[32];
	int event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	snprintf(path, sizeof path, "%s/cgroup.event_control", folder);
	int control = open(path, O_WRONLY | O_CLOEXEC);
	int n = snprintf(line, sizeof line, "%d %d", event, counters);
	bool registered = control >= 0 && write(control, line, (size_t)n) == n;
	if (control >= 0)
		close(control);
	if (registered)
		return event;
	close(event);
	return -1;
}

static int watch_v2(const char *counters)
{
	int events = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (events >= 0 && inotify_add_watch(events, counters, IN_MODIFY) >= 0)
		return events;
	close(events);
	return -1;
}

void oom_watch(struct container *container)
{
	struct oom *oom = &container->oom;
	char folder[PATH_MAX], path[PATH_MAX + 32];
	bool unified = cgroup_is_unified();
	if (oom->watched || !container->cgroups || !cgroup_folder(container->cgroups, unified ? "" : "memory", folder))
		return;
	snprintf(path, sizeof path, "%s/%s", folder, unified ? "memory.events" : "memory.oom_control");
	oom->counters = open(path, O_RDONLY | O_CLOEXEC);
	if (oom->counters < 0)
		return;
	int fd = unified ? watch_v2(path) : watch_v1(folder, oom->counters);
	if (fd < 0 || !loop_add(&oom->source, fd, POLLIN, woken)) {
		if (fd >= 0)
			close(fd);
		close(oom->counters);
		return;
	}
	oom->watched = true;
	oom->seen = 0;
	read_counter(oom, &oom->seen);
}
