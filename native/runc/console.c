/*
 * The terminal: made by the container's own devpts, its master sent to the caller's console socket, its slave the
 * container's standard streams and, where a path is given, /dev/console; then the session's controlling terminal.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "console.h"
#include "descriptor.h"
#include "executor.h"
#include "mount.h"
#include "root.h"
#include "syscalls.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

int console_connect(const char *path, struct failure *failure)
{
	return unix_connect(path, "the console socket", 0, failure);
}

/* Only a devpts answers here: anything else at that path is the image's own file. */
static int open_master(struct executor *executor)
{
	struct statfs status;
	int unlock = 0;
	int master = root_open(executor, "/dev/pts/ptmx", O_RDWR | O_NOCTTY);
	if (master < 0)
		return FAIL_CALL(executor, "openat2(2)", "making a terminal: opening /dev/pts/ptmx");
	if (fstatfs(master, &status) < 0 || status.f_type != DEVPTS_SUPER_MAGIC) {
		close(master);
		return FAIL(executor, "making a terminal: /dev/pts is not a devpts");
	}
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0) {
		FAIL_CALL(executor, "ioctl(2)", "unlocking the terminal");
		close(master);
		return -1;
	}
	return master;
}

static int bind_on(struct executor *executor, int slave, const char *path)
{
	int target = root_make(executor, path, false), result = 0;
	if (target < 0)
		return -1;
	/* /dev/console of an image may be a link into procfs (CVE-2025-52565). */
	if (check_procfs_target(executor, target, path) < 0) {
		close(target);
		return -1;
	}
	int tree = sys_open_tree(slave, "", AT_EMPTY_PATH | KERNEL_OPEN_TREE_CLONE | O_CLOEXEC);
	if (tree < 0 || sys_move_mount(tree, target) < 0)
		result = FAIL_CALL(executor, tree < 0 ? "open_tree(2)" : "move_mount(2)", "binding the terminal on \"%s\"", path);
	if (tree >= 0)
		close(tree);
	close(target);
	return result;
}

static int use_slave(struct executor *executor, int master, int slave, const struct operation *operation)
{
	const union value *arguments = operation->arguments;
	struct winsize size = {
		.ws_row = (unsigned short)arguments[CONSOLE_ROWS].number,
		.ws_col = (unsigned short)arguments[CONSOLE_COLUMNS].number,
	};
	unsigned number = 0;
	char name[32];
	if (size.ws_row && size.ws_col && ioctl(slave, TIOCSWINSZ, &size) < 0)
		return FAIL_CALL(executor, "ioctl(2)", "setting the terminal's size");
	if (arguments[CONSOLE_PATH].string[0] != '\0' && bind_on(executor, slave, arguments[CONSOLE_PATH].string) < 0)
		return -1;
	if (ioctl(master, TIOCGPTN, &number) < 0)
		return FAIL_CALL(executor, "ioctl(2)", "naming the terminal");
	snprintf(name, sizeof name, "/dev/pts/%u", number);
	if (send_descriptor(executor->console, master, name, strlen(name)) < 0)
		return FAIL_CALL(executor, "sendmsg(2)", "sending the terminal to the console socket");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return FAIL_CALL(executor, "dup2(2)", "making the terminal the standard streams");
	return 0;
}

/* @source man pts(4) */
int op_console(struct executor *executor, const struct operation *operation)
{
	if (executor->console < 0)
		return FAIL(executor, "making a terminal: process.terminal is set, --console-socket must be given");
	int master = open_master(executor);
	if (master < 0)
		return -1;
	int slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	int result = slave < 0 ? FAIL_CALL(executor, "ioctl(2)", "opening the terminal's slave")
	                       : use_slave(executor, master, slave, operation);
	if (slave >= 0)
		close(slave);
	close(master);
	close(executor->console);
	executor->console = -1;
	return result;
}

/* Only the leader of a session may, and only for itself. @source man TIOCSCTTY(2const) */
int op_controlling_terminal(struct executor *executor, const struct operation *operation)
{
	(void)operation;
	if (ioctl(0, TIOCSCTTY, 0) == 0)
		return 0;
	if (errno != EIO)
		return FAIL_CALL(executor, "ioctl(2)", "making the terminal the controlling one");
	executor->tolerated = EIO; /* its master is closed already: the program finds that its terminal has hung up */
	return 0;
}
