/*
 * What one shim holds: its containers (one, or all of a group), in each its init process and its execs, and the requests that wait
 * for an answer. Rules: a process has at most one runtime call under way (`call`), later requests for it wait in `deferred`;
 * an exit is announced only when no call is under way, so that /tasks/exit never overtakes /tasks/start.
 */
#ifndef TLAB_SHIM_H
#define TLAB_SHIM_H
#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#include "../common/trace.h"
#include "oom.h"
#include "streams.h"
#include "ttrpc.h"

struct connection;

/* A request not yet answered. It owns its payload and its trace. */
struct request {
	struct connection *from; /* NULL: the caller has gone, the answer is dropped */
	uint32_t stream;
	const struct verb *verb;
	struct bytes payload;
	struct trace trace;
	char traceparent[56]; /* empty: not traced */
	struct request *next;     /* in a process's waiters or deferred */
	struct request *all_next; /* in the list of all, which a closing connection walks */
};

struct verb {
	const char *name;
	void (*handle)(struct request *request);
};

enum status { STATUS_UNKNOWN, STATUS_CREATED, STATUS_RUNNING, STATUS_STOPPED, STATUS_PAUSED, STATUS_PAUSING };

struct call;

struct process {
	struct container *container;
	char *exec_id; /* "" is init */
	enum status status;
	pid_t pid; /* 0: never started */
	uint32_t exit_status;
	struct timespec exited_at;
	bool exit_held; /* exited, not announced yet */
	struct stdio stdio;
	struct call *call;
	struct request *waiters;
	struct request *deferred;
	struct request *deleting; /* Delete, waiting for its output to drain */
	struct timer drain;
	uint64_t drain_until_ms;
	char traceparent[56]; /* of the request that made it: later events belong to that trace */
	struct process *next;
};

struct runtime {
	char *binary;
	char *root;
	bool systemd_cgroup;
	bool no_pivot;
	bool no_new_keyring;
	uint32_t io_uid;
	uint32_t io_gid;
};

struct container {
	char *id;
	char *bundle; /* absolute: the shim's own working directory is the bundle of the first of its group */
	struct runtime runtime;
	char *failed; /* why Create is being taken back */
	bool mounted;
	bool paused;
	bool kill_all_on_exit; /* init is not the first of a pid namespace, so its exit leaves others */
	char *cgroups; /* what cgroups_of said when it was created; NULL before */
	struct oom oom;
	struct process init;
	struct process *execs;
	struct container *next;
};

struct shim {
	const char *namespace;
	const char *id;
	const char *group; /* who shares it share a shim; the id when config.json names no group */
	bool is_grouped;   /* it does name one: the first of a pod names its own id */
	const char *address; /* containerd's gRPC socket */
	const char *socket;  /* our own, a path */
	const char *run_root;
	char sockets[96];    /* the folder of it */
	struct rlimit descriptors; /* as we were started; all 0 when we are an action */
	struct container *containers;
};

extern struct shim shim;

/* service.c */
bool service_listen(int fd);
int service_connections(void);
void answer(struct request *request, const struct writer *message); /* message NULL: Empty */
void refuse(struct request *request, enum code code, const char *format, ...) __attribute__((format(printf, 3, 4)));
void append_request(struct request **list, struct request *request);
void dispatch(struct request *request);

/* server.c: a shim with neither a container nor a caller goes away by itself. */
void service_watch_idle(void);
void server_shutdown(void);
void server_events_sent(void);

/* task.c */
struct container *container_named(struct bytes id);
/* What field 1 of a request says. */
struct bytes request_id(const struct request *request);
/* The container that id names; NULL when the request has been refused. */
struct container *find_container(struct request *request);
/* The process that id and exec_id (field 2) of a request name; NULL when it has been refused. */
struct process *find_process(struct request *request);
bool is_init(const struct process *process);
/* True when the request now waits for the process's call under way. */
bool defer_if_busy(struct request *request, struct process *process);
/* Called when a call is over: announces a held exit and handles what was deferred. `process` may be freed by it. */
void process_settle(struct process *process);
void process_exited(struct process *process, int wait_status, struct timespec at);
/* Publishes the exit and answers those who Wait. */
void announce_exit(struct process *process);
void process_set_status(struct process *process, enum status status, const struct trace *trace);
/* An exec also leaves the list. Returns who still waited for it, a Delete too: dispatched again once it cannot be found, they are refused. */
struct request *process_free(struct process *process);
void dispatch_all(struct request *list);
void put_exit(struct writer *writer, uint32_t status_field, const struct process *process);
bool is_identifier(const char *text);

/* exec.c: the process document, which the runtime reads at the start. */
void exec_remove_document(const struct process *process);

/* create.c */
/* Takes it out of the shim, with everything that it holds. */
void container_forget(struct container *container, const struct trace *trace);
bool read_pid(const char *path, pid_t *pid);

/* reaper.c */
bool reaper_listen(void);
/* While a runtime call is under way, exits of children that we do not know yet are kept. */
void reaper_expect(int delta);
/* A process that a runtime has just reported; its exit may be among those kept. */
void reaper_adopt(struct process *process);

/* events.c */
struct news {
	const char *topic, *type;
	const char *container;
	const char *traceparent;
	bool of_exec;
};
void publish(const struct news *news, const struct writer *message);
bool events_pending(void);

/* The verbs, one file each or a few of a kind. */
void verb_create(struct request *request);
void verb_start(struct request *request);
void verb_exec(struct request *request);
void verb_delete(struct request *request);
void verb_kill(struct request *request);
void verb_pause(struct request *request);
void verb_resume(struct request *request);
void verb_update(struct request *request);
void verb_checkpoint(struct request *request);
void verb_state(struct request *request);
void verb_pids(struct request *request);
void verb_stats(struct request *request);
void verb_wait(struct request *request);
void verb_connect(struct request *request);
void verb_resize_pty(struct request *request);
void verb_close_io(struct request *request);
void verb_shutdown(struct request *request);

/* The three actions of the program. */
int action_start(const struct trace *trace);
int action_delete(const struct trace *trace);
int action_serve(int fd);

#endif
