/*
 * The unpacker: any bytes as a layer, into a directory of an empty root, over a layer below. What must hold: the entries end or are refused,
 * nothing beside the directory changes, and what is left in it can be removed. The first byte says what whiteouts become. The checksums of headers are
 * made right after each mutation, or nothing would get beyond them. Its code ends the process when it refuses: here that leads back.
 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../archive/data.c"
#include "../archive/xattrs.c"
#include "../unpack/copy-up.c"
#include "../unpack/extract.c"
#include "../unpack/hide.c"
#include "../unpack/merged.c"
#include "../unpack/times.c"
#include "../unpack/tree.c"
#include "../unpack/whiteout.c"
#include "confine.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

enum { block = 512, first_free = 64, most_entry_bytes = 1 << 20 };

static jmp_buf refused;

void failure_entry(const char *path)
{
	(void)path;
}

void fail(const char *format, ...)
{
	(void)format;
	longjmp(refused, 1);
}

void fail_call(const char *call)
{
	(void)call;
	longjmp(refused, 1);
}

static void secret_in(const char *directory)
{
	struct stat what;
	char path[64];
	snprintf(path, sizeof path, "%s/secret", directory);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "secret", 6) != 6 || fstat(fd, &what) < 0)
		abort();
	close(fd);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	confine();
	umask(0);
	if (mkdir("into", 0700) < 0 || mkdir("beside", 0700) < 0 || mkdir("below", 0700) < 0)
		abort();
	secret_in("beside");
	secret_in("below");
	/* Names that the seeds use. */
	if (symlink("../beside", "below/l") < 0 || symlink("secret", "below/h") < 0 || mkdir("below/a", 0700) < 0)
		abort();
	return 0;
}

/* @source man tar(5): the sum of all bytes, with the field itself as blanks */
static void repair(uint8_t *header)
{
	unsigned sum = 0;
	memset(header + 148, ' ', 8);
	for (int i = 0; i < block; i++)
		sum += header[i];
	snprintf((char *)header + 148, 8, "%06o", sum);
	header[155] = ' ';
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
	(void)seed;
	size = LLVMFuzzerMutate(data, size, most);
	for (size_t at = 1; at + block <= size; at += block)
		if (memcmp(data + at + 257, "ustar", 5) == 0)
			repair(data + at);
	return size;
}

static void extract(const uint8_t *data, size_t size, enum whiteouts whiteouts)
{
	struct extraction extraction = { .whiteouts = whiteouts, .ownership = owner_mine };
	struct archive *tar = archive_read_new();
	struct archive_entry *entry;
	archive_read_support_filter_gzip(tar);
	archive_read_support_filter_zstd(tar);
	archive_read_support_format_tar(tar);
	if (setjmp(refused) == 0 && archive_read_open_memory(tar, data, size) == ARCHIVE_OK) {
		for (int count = 0; count < 1000 && archive_read_next_header(tar, &entry) == ARCHIVE_OK; count++)
			/* Holes are free, but a layer of seconds is none for here. */
			if (archive_entry_size(entry) <= most_entry_bytes)
				extract_entry(&extraction, tar, entry);
		extract_finish();
	}
	archive_read_free(tar);
}

/* Everything that the code keeps from entry to entry, and descriptors of calls that were left. */
static void forget(void)
{
	for (size_t i = 0; i < directories.count; i++)
		free(directories.items[i].path);
	free(directories.items);
	memset(&directories, 0, sizeof directories);
	free(brought.slots);
	memset(&brought, 0, sizeof brought);
	free(raised.slots);
	memset(&raised, 0, sizeof raised);
	bytes = 0;
	lower_count = 0;
	close_range(first_free, ~0u, 0);
	last.fd = -1;
	last.path[0] = '\0';
}

static void empty(const char *directory)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		abort();
	/* What has no rights for its owner is no obstacle for the next input. */
	fchmod(fd, 0700);
	DIR *children = fdopendir(fd);
	for (struct dirent *child; (child = readdir(children));) {
		char path[8192];
		if (strcmp(child->d_name, ".") == 0 || strcmp(child->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, child->d_name, 0) == 0)
			continue;
		fchmodat(fd, child->d_name, 0700, 0);
		if (snprintf(path, sizeof path, "%s/%s", directory, child->d_name) >= (int)sizeof path)
			abort();
		empty(path);
		if (unlinkat(fd, child->d_name, AT_REMOVEDIR) < 0)
			abort();
	}
	closedir(children);
}

static void require_untouched(const char *directory, int expected)
{
	char text[8] = "", path[64];
	struct stat what;
	snprintf(path, sizeof path, "%s/secret", directory);
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), names = 0;
	if (fd < 0 || read(fd, text, sizeof text) != 6 || memcmp(text, "secret", 6) != 0 || fstat(fd, &what) < 0 ||
	    what.st_nlink != 1 || (what.st_mode & 07777) != 0600)
		abort();
	close(fd);
	DIR *beside = opendir(directory);
	if (!beside)
		abort();
	while (readdir(beside))
		names++;
	if (names != expected)
		abort();
	closedir(beside);
}

/* Descriptors of the code are the high ones, so that those of a refused call can be told from the fuzzer's own. */
static int open_high(const char *path)
{
	int low = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), high = fcntl(low, F_DUPFD_CLOEXEC, first_free);
	if (high < 0)
		abort();
	close(low);
	return high;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum whiteouts modes[] = { whiteouts_overlay, whiteouts_remove, whiteouts_literal, whiteouts_refused };
	if (size < 1)
		return -1;
	tree_open(open_high("into"), "");
	layers[1] = open_high("below");
	lower_count = 1;
	hide_begin(modes[data[0] & 3]);
	copy_up_limit(most_entry_bytes);
	extract(data + 1, size - 1, modes[data[0] & 3]);
	for (int fd = 3; fd < first_free; fd++) {
		struct stat what;
		if (fstat(fd, &what) == 0 && (S_ISREG(what.st_mode) || S_ISDIR(what.st_mode)))
			close(fd);
	}
	forget();
	chmod("into", 0700);
	empty("into");
	require_untouched("beside", 3);
	require_untouched("below", 6);
	return 0;
}
