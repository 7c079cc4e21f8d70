/*
 * A compiled plan, read from its file and decoded once, before any process is made. Everything in it is checked here: lengths,
 * padding, codes, actors, the order that the executor relies on. Later code trusts it.
 * Format: src/runc/plan/format.ts.
 */
#ifndef TLAB_PLAN_H
#define TLAB_PLAN_H
#include <stddef.h>
#include <stdint.h>

#include "failure.h"
#include "operations.h"

enum actor { ACTOR_RUNTIME, ACTOR_INIT };

union value {
	uint64_t number;
	const char *string;
	struct {
		const uint8_t *data;
		uint32_t size;
	} bytes;
	struct {
		char **items; /* ends with NULL; one further NULL slot for an addition */
		uint32_t count;
	} strings;
};

struct operation {
	enum operation_code code;
	enum actor actor;
	const char *name;
	const char *cause;
	union value arguments[PLAN_MAX_ARGUMENTS];
};

struct plan {
	uint8_t *data;
	size_t size;
	char sha256[65];
	union value facts[FACT_COUNT];
	uint32_t count;
	struct operation *operations;
};

/*
 * Reads the open file, which `path` is the name of, and decodes: -1 with a failure for anything that is not a whole, well-formed plan, and
 * where `fd` is -1, by errno. plan_free() is always allowed after.
 */
int plan_read(struct plan *plan, int fd, const char *path, struct failure *failure);
/* Decodes `size` bytes at `data`, which plan owns from now on. */
int plan_decode(struct plan *plan, uint8_t *data, size_t size, struct failure *failure);
void plan_free(struct plan *plan);

/* The first operation with this code at or after `from`, or NULL. */
const struct operation *plan_find(const struct plan *plan, enum operation_code code, uint32_t from);

/* A whole file up to `limit` bytes in malloc'd memory, with a NUL after it; NULL with errno. */
uint8_t *read_whole(int dir, const char *path, size_t limit, size_t *size);

#endif
