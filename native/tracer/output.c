#include "output.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "failure.h"
#include "records.h"

enum { BUFFER_SIZE = 1 << 20 };

static struct {
	int fd;
	const char *path;
	size_t used;
	_Alignas(8) unsigned char bytes[BUFFER_SIZE];
} output = { .fd = -1 };

void output_open(const char *path)
{
	output.path = path;
	output.fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (output.fd < 0)
		fail(STATUS_FAILED, "--output %s: open(2): %s", path, strerror(errno));
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct file_head *head = output_room(sizeof *head);
	*head = (struct file_head){
		.version = TRACER_VERSION,
#ifdef __x86_64__
		.machine = EM_X86_64,
#else
		.machine = EM_AARCH64,
#endif
		.start_ns = (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec,
	};
	memcpy(head->magic, TRACER_MAGIC, sizeof head->magic);
	output_add(sizeof *head);
}

void *output_room(size_t size)
{
	if (output.used + size > BUFFER_SIZE)
		output_flush();
	return output.bytes + output.used;
}

void output_add(size_t size)
{
	output.used += size;
}

void output_flush(void)
{
	size_t done = 0;
	while (done < output.used) {
		ssize_t n = write(output.fd, output.bytes + done, output.used - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail(STATUS_FAILED, "--output %s: write(2): %s", output.path, strerror(errno));
		done += (size_t)n;
	}
	output.used = 0;
}
