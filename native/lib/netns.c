// Network namespaces. unshare(2) and setns(2) change the calling thread only, and Node's threads are shared by all of its
// work, so each job runs in a thread that is made for it and ends with it.
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tlab.h"

struct job {
    int (*work)(struct job *);
    const char *path;
    const char *file;
    const char *value;
    int domain, type, protocol;
    int result;
};

static void *run_job(void *argument) {
    struct job *job = argument;
    job->result = job->work(job);
    return NULL;
}

static int in_own_thread(struct job *job) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run_job, job);
    if (error != 0) return -error;
    pthread_join(thread, NULL);
    return job->result;
}

static int enter(const char *path) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = setns(fd, CLONE_NEWNET) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int create(struct job *job) {
    int fd = open(job->path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
    if (fd < 0) return -errno;
    close(fd);
    int result = 0;
    if (unshare(CLONE_NEWNET) < 0) result = -errno;
    else if (mount("/proc/thread-self/ns/net", job->path, "none", MS_BIND, NULL) < 0) result = -errno;
    if (result < 0) unlink(job->path);
    return result;
}

static int open_socket(struct job *job) {
    int result = job->path != NULL && job->path[0] != '\0' ? enter(job->path) : 0;
    if (result < 0) return result;
    int fd = socket(job->domain, job->type | SOCK_CLOEXEC, job->protocol);
    return fd < 0 ? -errno : fd;
}

// /proc/sys/net shows the namespace of the thread that opens the file. @source man network_namespaces(7)
static int write_file(struct job *job) {
    int result = enter(job->path);
    if (result < 0) return result;
    int fd = open(job->file, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    ssize_t written = write(fd, job->value, strlen(job->value));
    result = written < 0 ? -errno : 0;
    close(fd);
    return result;
}

int tlab_netns_create(const char *path) {
    struct job job = {.work = create, .path = path};
    return in_own_thread(&job);
}

int tlab_netns_socket(const char *path, int domain, int type, int protocol) {
    struct job job = {.work = open_socket, .path = path, .domain = domain, .type = type, .protocol = protocol};
    return in_own_thread(&job);
}

int tlab_netns_write(const char *path, const char *file, const char *value) {
    struct job job = {.work = write_file, .path = path, .file = file, .value = value};
    return in_own_thread(&job);
}
