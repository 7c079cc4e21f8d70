// A network namespace that belongs to a user namespace of its own. The kernel refuses a new user namespace to a process with threads,
// so both are made for a process that only waits; bind mounts keep them when it has gone. It shares this process's memory, because
// copying the daemon's page tables would take longer than all the rest. @source man clone(2), user_namespaces(7)
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tlab.h"

enum { STACK_BYTES = 16384 };

// Shares memory with the daemon: system calls only, no signal ever runs a handler here (all are blocked).
static int wait_for_end(void *argument) {
    (void)argument;
    syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    for (;;) syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
    return 0;
}

static int write_map(pid_t pid, const char *file, const char *map) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, file);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return -errno;
    int result = write(fd, map, strlen(map)) < 0 ? -errno : 0;
    close(fd);
    return result;
}

static int keep(pid_t pid, const char *name, const char *path) {
    char source[64];
    int fd = open(path, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0444);
    if (fd < 0) return -errno;
    close(fd);
    snprintf(source, sizeof source, "/proc/%d/ns/%s", pid, name);
    if (mount(source, path, "none", MS_BIND, NULL) == 0) return 0;
    int result = -errno;
    unlink(path);
    return result;
}

static int set_up(pid_t pid, const char *path, const char *user_path, const char *uid_map, const char *gid_map) {
    int result = write_map(pid, "uid_map", uid_map);
    if (result == 0) result = write_map(pid, "gid_map", gid_map);
    if (result == 0) result = keep(pid, "user", user_path);
    if (result < 0) return result;
    result = keep(pid, "net", path);
    if (result < 0) {
        umount2(user_path, MNT_DETACH);
        unlink(user_path);
    }
    return result;
}

// No signal at its end, and waited for by its id: the daemon's own children are not disturbed.
int tlab_netns_create_mapped(const char *path, const char *user_path, const char *uid_map, const char *gid_map) {
    sigset_t all, before;
    char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    if (stack == MAP_FAILED) return -errno;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t pid = clone(wait_for_end, stack + STACK_BYTES, CLONE_VM | CLONE_NEWUSER | CLONE_NEWNET, NULL);
    int result = pid < 0 ? -errno : set_up(pid, path, user_path, uid_map, gid_map);
    if (pid > 0) {
        kill(pid, SIGKILL);
        while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR) continue;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    munmap(stack, STACK_BYTES);
    return result;
}
