#include "data.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "failure.h"

enum { buffer_size = 256 * 1024 };

void data_write(int to, const char *bytes, size_t length, off_t at)
{
	while (length > 0) {
		ssize_t n = pwrite(to, bytes, length, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_call("pwrite(2)");
		bytes += n, length -= (size_t)n, at += n;
	}
}

/* Returns the bytes copied; fewer than asked for when the file has become shorter. */
static off_t copy_by_hand(int from, int to, off_t at, off_t length)
{
	static char buffer[buffer_size];
	off_t done = 0;
	while (done < length) {
		size_t wanted = (size_t)(length - done < buffer_size ? length - done : buffer_size);
		ssize_t n = pread(from, buffer, wanted, at + done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			fail_call("pread(2)");
		if (n == 0)
			break;
		data_write(to, buffer, (size_t)n, at + done);
		done += n;
	}
	return done;
}

static void copy_segment(int from, int to, off_t at, off_t length)
{
	off_t in = at, out = at;
	while (length > 0) {
		ssize_t n = copy_file_range(from, &in, to, &out, (size_t)length, 0);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == ENOSPC || errno == EDQUOT || errno == EIO))
			fail_call("copy_file_range(2)");
		/* Across file systems, and on some of them at all, the kernel does not do it. */
		if (n < 0)
			copy_by_hand(from, to, in, length);
		if (n <= 0)
			return;
		length -= n;
	}
}

uint64_t data_copy(int from, int to, int64_t size)
{
	if (size == 0)
		return 0;
	if (ioctl(to, FICLONE, from) == 0)
		return (uint64_t)size;
	for (off_t at = 0; at < size;) {
		off_t data = lseek(from, at, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		off_t hole = data < 0 ? size : lseek(from, data, SEEK_HOLE);
		if (data < 0)
			data = at;
		if (hole < 0 || hole > size)
			hole = size;
		if (data >= size)
			break;
		copy_segment(from, to, data, hole - data);
		at = hole;
	}
	if (ftruncate(to, size) < 0)
		fail_call("ftruncate(2)");
	return (uint64_t)size;
}
