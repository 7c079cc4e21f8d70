#include "records.h"

#include <fcntl.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

void records_open(struct records *records, const char *path, uint32_t count)
{
	*records = (struct records){ 0 };
	size_t size = count * sizeof(struct record);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0660);
	if (fd < 0)
		return;
	/* Allocated, not only sized: writing to a hole on a full disk would end in SIGBUS. */
	if (posix_fallocate(fd, 0, (off_t)size) == 0) {
		void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (memory != MAP_FAILED)
			*records = (struct records){ memory, count };
	}
	close(fd);
}

void records_close(struct records *records)
{
	if (records->items)
		munmap(records->items, records->count * sizeof(struct record));
	*records = (struct records){ 0 };
}

void record_start(const struct records *records, uint32_t index, uint32_t actor)
{
	if (records->items && index < records->count)
		records->items[index] = (struct record){ .index = index, .actor = actor, .start_ns = now_ns() };
}

void record_end(const struct records *records, uint32_t index, int result, int number)
{
	if (!records->items || index >= records->count)
		return;
	records->items[index].result = result;
	records->items[index].number = number;
	records->items[index].end_ns = now_ns();
}
