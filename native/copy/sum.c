/*
 * `sum`: the SHA-256 of regular files, one request a path, one answer a request: 64 hex digits, or `-` for what is no regular file (any more).
 * `read`: one file's bytes. `with`: a program that gets one file as its standard input.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../common/sha256.h"
#include "../archive/failure.h"
#include "request.h"
#include "tree.h"
#include "verbs.h"

enum { buffer_size = 256 * 1024 };

static void put_sum(int fd)
{
	static char buffer[buffer_size];
	struct sha256 sha;
	uint8_t digest[32];
	char text[65];
	ssize_t n;
	sha256_begin(&sha);
	while ((n = read(fd, buffer, sizeof buffer)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_call("read(2)");
		sha256_update(&sha, buffer, (size_t)n);
	}
	sha256_end(&sha, digest);
	sha256_hex(digest, text);
	printf("%s%c", text, '\0');
}

/* Never a device or a FIFO that came in the file's place: opening one waits, or does things. */
int open_regular(struct tree *tree, const char *path)
{
	char name[NAME_MAX + 1];
	struct stat s;
	int parent = tree_parent(tree, path, name);
	if (fstatat(parent, name, &s, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(s.st_mode))
		return -1;
	int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

void verb_sum(const struct arguments *arguments)
{
	struct tree tree;
	tree_open(&tree, "--root", arguments->root);
	for (const char *path; (path = request_field());) {
		failure_entry(path);
		int fd = open_regular(&tree, path);
		if (fd < 0) {
			printf("-%c", '\0');
		} else {
			put_sum(fd);
			close(fd);
		}
		failure_entry(NULL);
	}
}

enum { most_read = 16 << 20 };

/* `read`: a regular file's bytes, symlinks followed inside the tree; status 2 when there is none. */
int verb_read(const struct arguments *arguments)
{
	struct tree tree;
	struct stat status;
	char real[PATH_MAX], *bytes = malloc(most_read);
	const char *path = request_needed("path");
	tree_open(&tree, "--root", arguments->root);
	failure_entry(path);
	if (!bytes)
		fail("out of memory");
	if (!tree_resolve(&tree, path, real, &status))
		return 2;
	int fd = open_regular(&tree, real);
	if (fd < 0)
		fail("it is no regular file");
	if (status.st_size > most_read)
		fail("it has %lld bytes, expected at most %d", (long long)status.st_size, most_read);
	for (ssize_t n, have = 0; (n = read(fd, bytes + have, (size_t)(most_read - have))) > 0; have += n)
		fwrite(bytes + have, 1, (size_t)n, stdout);
	free(bytes);
	return 0;
}

_Noreturn void verb_with(const struct arguments *arguments, char **program)
{
	struct tree tree;
	const char *path = request_needed("path");
	tree_open(&tree, "--root", arguments->root);
	failure_entry(path);
	int fd = open_regular(&tree, path);
	if (fd < 0)
		fail("it is no regular file");
	if (dup2(fd, STDIN_FILENO) < 0)
		fail_call("dup2(2)");
	execv(program[0], program);
	fail_call("execve(2)");
}
