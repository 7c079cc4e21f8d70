/*
 * `sum`: the SHA-256 of regular files, one request a path, one answer a request: 64 hex digits, or `-` for what is no regular file (any more).
 * `read`: bytes of small files, one answer a path: `R`, their number, the bytes; or `N` when nothing is there. `with`: a program that gets one file as its standard input.
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

void sum_of(int fd, char text[65])
{
	static char buffer[buffer_size];
	struct sha256 sha;
	uint8_t digest[32];
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
}

/* Never a device or a FIFO that came in the file's place: opening one waits, or does things. */
int open_regular_at(int parent, const char *name)
{
	struct stat s;
	if (fstatat(parent, name, &s, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(s.st_mode))
		return -1;
	int fd = openat(parent, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && (fstat(fd, &s) < 0 || !S_ISREG(s.st_mode))) {
		close(fd);
		return -1;
	}
	return fd;
}

int open_regular(struct tree *tree, const char *path)
{
	char name[NAME_MAX + 1];
	int parent = tree_parent(tree, path, name);
	return open_regular_at(parent, name);
}

void verb_sum(const struct arguments *arguments)
{
	struct tree tree;
	tree_open(&tree, "--root", arguments->root);
	for (const char *path; (path = request_field());) {
		failure_entry(path);
		char text[65];
		int fd = open_regular(&tree, path);
		if (fd >= 0) {
			sum_of(fd, text);
			close(fd);
		}
		printf("%s%c", fd < 0 ? "-" : text, '\0');
		failure_entry(NULL);
	}
}

enum { most_read = 16 << 20 };

static void put_bytes(struct tree *tree, const char *path, char *bytes)
{
	struct stat status;
	char real[PATH_MAX];
	ssize_t have = 0;
	if (!tree_resolve(tree, path, real, &status)) {
		printf("N%c", '\0');
		return;
	}
	tree_forget(tree);
	int fd = open_regular(tree, real);
	if (fd < 0)
		fail("it is no regular file");
	if (status.st_size > most_read)
		fail("it has %lld bytes, expected at most %d", (long long)status.st_size, most_read);
	for (ssize_t n; (n = read(fd, bytes + have, (size_t)(most_read - have))) > 0;)
		have += n;
	close(fd);
	printf("R%c%zd%c", '\0', have, '\0');
	fwrite(bytes, 1, (size_t)have, stdout);
}

/* Symlinks are followed inside the tree. */
void verb_read(const struct arguments *arguments)
{
	struct tree tree;
	char *bytes = malloc(most_read);
	tree_open(&tree, "--root", arguments->root);
	if (!bytes)
		fail("out of memory");
	for (const char *path; (path = request_field());) {
		failure_entry(path);
		put_bytes(&tree, path, bytes);
		failure_entry(NULL);
	}
	free(bytes);
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
