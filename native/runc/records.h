/*
 * One 32-byte record an operation, in a file that both processes have mapped: what the child wrote survives the child.
 * Read by src/runc/plan/records.ts. A record with a start and no end is exec, which does not come back.
 */
#ifndef TLAB_RECORDS_H
#define TLAB_RECORDS_H
#include <stdint.h>

struct record {
	uint32_t index;
	uint32_t actor; /* 0 runtime, 1 init */
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
	int32_t result;
	int32_t number; /* errno; with result 0: met and ignored */
};

_Static_assert(sizeof(struct record) == 32, "src/runc/plan/records.ts reads records of 32 bytes, whatever the machine");

struct records {
	struct record *items; /* NULL: not traced */
	uint32_t count;
};

/* Makes the file and maps it; on any trouble there are no records, and the traced command goes on. */
void records_open(struct records *records, const char *path, uint32_t count);
void records_close(struct records *records);
void record_start(const struct records *records, uint32_t index, uint32_t actor);
void record_end(const struct records *records, uint32_t index, int result, int number);

#endif
