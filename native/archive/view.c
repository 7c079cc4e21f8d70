#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"
#include "read-only.h"

enum { most_binds = 256 };

static struct {
	const char *directory;
	char **mount; /* type, source, options */
	struct bind {
		char **words; /* source, destination */
		bool read_only;
	} binds[most_binds];
	int bind_count;
} view;

static int words_after(char **arguments)
{
	int count = 0;
	while (arguments[count + 1])
		count++;
	return count;
}

int view_option(char **arguments)
{
	const char *flag = arguments[0];
	bool read_only = strcmp(flag, "--bind-read-only") == 0;
	int words = strcmp(flag, "--directory") == 0 ? 1
	            : read_only || strcmp(flag, "--bind") == 0 ? 2
	            : strcmp(flag, "--mount") == 0             ? 3
	                                                       : 0;
	if (words == 0)
		return 0;
	if (words_after(arguments) < words)
		fail("%s: expected %s", flag, VIEW_USAGE);
	if (words == 1)
		view.directory = arguments[1];
	else if (words == 3)
		view.mount = arguments + 1;
	else if (view.bind_count == most_binds)
		fail("%s: more than %d", flag, most_binds);
	else
		view.binds[view.bind_count++] = (struct bind){ .words = arguments + 1, .read_only = read_only };
	return words + 1;
}

/* What mount(8) takes for flags; the rest is the file system's. @source man mount(2) */
static unsigned long flags_of(const char *options, char data[4096])
{
	static const struct {
		const char *name;
		unsigned long flag;
	} known[] = { { "bind", MS_BIND }, { "rbind", MS_BIND | MS_REC }, { "ro", MS_RDONLY }, { "rw", 0 } };
	unsigned long flags = 0;
	size_t length = 0;
	data[0] = '\0';
	for (const char *at = options; *at;) {
		size_t part = strcspn(at, ",");
		unsigned i = 0;
		while (i < 4 && (strlen(known[i].name) != part || strncmp(at, known[i].name, part) != 0))
			i++;
		if (i < 4) {
			flags |= known[i].flag;
		} else {
			if (strncmp(at, "uidmap=", 7) == 0 || strncmp(at, "gidmap=", 7) == 0)
				fail("--mount: layers with mapped ids are not mounted here");
			if (length + part + 2 > 4096)
				fail("--mount: its options are longer than a page");
			if (length > 0)
				data[length++] = ',';
			memcpy(data + length, at, part);
			data[length += part] = '\0';
		}
		at += part;
		at += *at == ',';
	}
	return flags;
}

static void mount_root(void)
{
	char data[4096];
	unsigned long flags = flags_of(view.mount[2], data);
	if (mount(view.mount[1], view.directory, view.mount[0], flags, data) < 0)
		fail_call("mount(2) of the root filesystem");
}

static int open_in(int root, const char *path, unsigned long long flags)
{
	struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

/* One component of a volume's place, made as the runtime makes it when the container starts: a directory, or an empty file. */
static void make_one(int root, const char *above, const char *name, bool is_directory)
{
	int parent = open_in(root, above, O_PATH | O_DIRECTORY);
	if (parent < 0)
		fail_call("openat2(2) of the place of a volume");
	int made = is_directory ? mkdirat(parent, name, 0755) : mknodat(parent, name, S_IFREG | 0644, 0);
	if (made < 0)
		fail_call("making the place of a volume");
	close(parent);
}

static int make_place(int root, const char *destination, bool is_directory)
{
	char done[PATH_MAX] = "", above[PATH_MAX];
	int fd = -1;
	if (strlen(destination) + 1 >= sizeof done)
		fail("--bind %s: its path is too long", destination);
	for (const char *at = destination + strspn(destination, "/"); *at; at += strspn(at, "/")) {
		char name[PATH_MAX];
		size_t part = strcspn(at, "/");
		snprintf(name, sizeof name, "%.*s", (int)part, at);
		strcpy(above, done);
		strcat(strcat(done, "/"), name);
		at += part;
		if (fd >= 0)
			close(fd);
		fd = open_in(root, done, O_PATH);
		if (fd < 0 && errno == ENOENT) {
			make_one(root, above, name, is_directory || at[strspn(at, "/")] != '\0');
			fd = open_in(root, done, O_PATH);
		}
		if (fd < 0)
			fail_call("openat2(2) of the place of a volume");
	}
	if (fd < 0)
		fail("--bind %s: its destination is the root", destination);
	return fd;
}

static void bind_one(int root, const struct bind *bind)
{
	struct stat source;
	char place[64], **words = bind->words;
	if (stat(words[0], &source) < 0)
		fail("--bind %s: %s", words[0], strerror(errno));
	int fd = make_place(root, words[1], S_ISDIR(source.st_mode));
	snprintf(place, sizeof place, "/proc/self/fd/%d", fd);
	if (bind->read_only)
		bind_read_only(words[0], fd);
	else if (mount(words[0], place, NULL, MS_BIND | MS_REC, NULL) < 0)
		fail_call("mount(2) of a volume");
	close(fd);
}

static int open_root(void)
{
	int root = open(view.directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		fail("--directory %s: %s", view.directory, strerror(errno));
	return root;
}

static void own_namespace(void)
{
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		fail_call("making a mount namespace");
}

int view_below(const char *layers)
{
	char options[4096];
	if (strchr(layers, ':')) {
		own_namespace();
		if (snprintf(options, sizeof options, "lowerdir=%s", layers) >= (int)sizeof options)
			fail("--against: more layers than the options of a mount can name");
		if (mount("overlay", view.directory, "overlay", MS_RDONLY, options) < 0)
			fail_call("mount(2) of the layers");
		layers = view.directory;
	}
	int fd = open(layers, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fail("--against %s: %s", layers, strerror(errno));
	return fd;
}

int view_enter(int root, const char *path)
{
	int inner = open_in(root, path, O_RDONLY | O_DIRECTORY);
	if (inner < 0)
		fail_call("openat2(2) of the destination");
	close(root);
	return inner;
}

int view_open(void)
{
	if (!view.directory)
		fail("expected %s", VIEW_USAGE);
	if (!view.mount && view.bind_count == 0)
		return open_root();
	own_namespace();
	if (view.mount)
		mount_root();
	int root = open_root();
	for (int i = 0; i < view.bind_count; i++)
		bind_one(root, &view.binds[i]);
	return root;
}

/* The kernel knows the path of an open file; what is before the root's own path is not the tree's. */
static void path_of(int root, int fd, char path[PATH_MAX])
{
	char link[64], top[PATH_MAX], full[PATH_MAX];
	snprintf(link, sizeof link, "/proc/self/fd/%d", root);
	ssize_t tops = readlink(link, top, sizeof top - 1);
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t fulls = readlink(link, full, sizeof full - 1);
	if (tops < 0 || fulls < tops)
		fail_call("readlink(2) of /proc/self/fd");
	full[fulls] = '\0';
	if (tops == 1)
		tops = 0;
	const char *below = full + tops;
	strcpy(path, below + strspn(below, "/"));
}

static int open_existing(int root, const char *path)
{
	int fd = open_in(root, path, O_PATH);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP))
		fail_missing();
	if (fd < 0)
		fail_call("openat2(2)");
	return fd;
}

void view_resolve(int root, const char *path, bool follow, char resolved[PATH_MAX])
{
	char parent[PATH_MAX];
	size_t length = strlen(path);
	if (length >= sizeof parent)
		fail("its path is longer than %d bytes", PATH_MAX - 1);
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
	bool is_whole = follow || *name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
	memcpy(parent, path, length + 1);
	if (!is_whole)
		parent[name - path] = '\0';
	int fd = open_existing(root, parent);
	path_of(root, fd, resolved);
	struct stat stat;
	if (!is_whole) {
		if (fstatat(fd, name, &stat, AT_SYMLINK_NOFOLLOW) < 0)
			fail_missing();
		if (strlen(resolved) + strlen(name) + 2 > PATH_MAX)
			fail("its path is longer than %d bytes", PATH_MAX - 1);
		snprintf(resolved + strlen(resolved), PATH_MAX - strlen(resolved), "%s%s", *resolved ? "/" : "", name);
	}
	close(fd);
}

void view_target(int root, const char *resolved, char target[PATH_MAX])
{
	int fd = open_in(root, resolved, O_PATH);
	char path[PATH_MAX];
	if (fd < 0) {
		ssize_t length = readlinkat(root, resolved, target, PATH_MAX - 1);
		target[length < 0 ? 0 : length] = '\0';
		return;
	}
	path_of(root, fd, path);
	snprintf(target, PATH_MAX, "/%.*s", PATH_MAX - 2, path);
	close(fd);
}

int view_parent(int root, const char *resolved, char name[NAME_MAX + 1])
{
	char above[PATH_MAX];
	strcpy(above, resolved);
	char *slash = strrchr(above, '/');
	const char *last = slash ? resolved + (slash - above) + 1 : resolved;
	if (strlen(last) > NAME_MAX)
		fail("its name is longer than %d bytes", NAME_MAX);
	strcpy(name, *last ? last : ".");
	above[slash ? slash - above : 0] = '\0';
	int fd = open_in(root, above, O_RDONLY | O_DIRECTORY);
	if (fd < 0)
		fail_call("openat2(2)");
	return fd;
}
