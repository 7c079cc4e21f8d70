#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../common/sha256.h"

struct reader {
	const uint8_t *at;
	size_t left;
};

static const struct {
	const char *name;
	const char *types;
} rows[] = {
#define X(name, code, types) [code] = { #name, types },
	OPERATIONS(X)
#undef X
};

static bool take(struct reader *reader, size_t size, const uint8_t **data)
{
	if (size > reader->left)
		return false;
	*data = reader->at;
	reader->at += size;
	reader->left -= size;
	return true;
}

static bool take_u32(struct reader *reader, uint32_t *value)
{
	const uint8_t *data;
	if (!take(reader, 4, &data))
		return false;
	*value = (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
	return true;
}

static bool take_u64(struct reader *reader, uint64_t *value)
{
	uint32_t low, high;
	if (!take_u32(reader, &low) || !take_u32(reader, &high))
		return false;
	*value = (uint64_t)high << 32 | low;
	return true;
}

/* Bytes with at least `zeros` NUL after them, padded with NUL to four. */
static bool take_padded(struct reader *reader, uint32_t zeros, const uint8_t **data, uint32_t *size)
{
	if (!take_u32(reader, size) || *size > PLAN_MAX_BYTES)
		return false;
	size_t whole = ((size_t)*size + zeros + 3) / 4 * 4;
	if (!take(reader, whole, data))
		return false;
	for (size_t i = *size; i < whole; i++)
		if ((*data)[i] != 0)
			return false;
	return true;
}

static bool take_string(struct reader *reader, const char **text)
{
	const uint8_t *data;
	uint32_t size;
	if (!take_padded(reader, 1, &data, &size) || memchr(data, 0, size) != NULL)
		return false;
	*text = (const char *)data;
	return true;
}

static bool take_strings(struct reader *reader, union value *value)
{
	uint32_t count;
	if (!take_u32(reader, &count) || count > reader->left / 8) /* a string has at least eight bytes */
		return false;
	char **items = calloc((size_t)count + 2, sizeof *items);
	value->strings.items = items;
	value->strings.count = count;
	if (!items)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		const char *text;
		if (!take_string(reader, &text))
			return false;
		items[i] = (char *)(uintptr_t)text; /* execve(2) wants char *, and does not write */
	}
	return true;
}

static bool take_value(struct reader *reader, char type, union value *value)
{
	switch (type) {
	case 'n':
		return take_u64(reader, &value->number);
	case 's':
		return take_string(reader, &value->string);
	case 'v':
		return take_strings(reader, value);
	default:
		return take_padded(reader, 0, &value->bytes.data, &value->bytes.size);
	}
}

static bool take_operation(struct reader *reader, struct operation *operation)
{
	const uint8_t *head;
	uint32_t size;
	if (!take(reader, 4, &head) || !take_u32(reader, &size) || size < 8)
		return false;
	unsigned code = (unsigned)head[0] | (unsigned)head[1] << 8;
	if (code >= sizeof rows / sizeof *rows || !rows[code].name || head[2] > 1 || head[3] != 0)
		return false;
	struct reader inner = { .left = size - 8 };
	if (!take(reader, size - 8, &inner.at))
		return false;
	operation->code = (enum operation_code)code;
	operation->name = rows[code].name;
	operation->actor = head[2] ? ACTOR_INIT : ACTOR_RUNTIME;
	if (!take_string(&inner, &operation->cause))
		return false;
	for (size_t i = 0; rows[code].types[i] != '\0'; i++)
		if (!take_value(&inner, rows[code].types[i], &operation->arguments[i]))
			return false;
	return inner.left == 0;
}

/* What later verbs do. */
static bool is_late(const struct operation *operation)
{
	return (operation->code == OP_HOOK || operation->code == OP_SYSTEMD_CALL) && operation->actor == ACTOR_RUNTIME;
}

/* Init is made by a clone of the runtime's, or by a fork and then once more by its own clone. */
static const char *birth_problem(const struct operation *operation, bool *forked, bool *cloned)
{
	if (operation->code == OP_FORK) {
		if (*forked || *cloned || operation->actor != ACTOR_RUNTIME)
			return "fork stands where it cannot";
		*forked = true;
	} else if (operation->code == OP_CLONE) {
		if (*cloned || operation->actor != (*forked ? ACTOR_INIT : ACTOR_RUNTIME))
			return "clone stands where it cannot";
		*cloned = true;
	} else if (operation->actor == ACTOR_INIT && !*forked && !*cloned) {
		return "init acts before it is made";
	}
	return NULL;
}

/* One birth, then one exec, nothing of the runtime between the barrier and exec, only what later verbs do after it. */
static const char *order_problem(const struct plan *plan)
{
	bool forked = false, cloned = false, barred = false, executed = false;
	for (uint32_t i = 0; i < plan->count; i++) {
		const struct operation *operation = &plan->operations[i];
		const char *problem = birth_problem(operation, &forked, &cloned);
		if (problem)
			return problem;
		if (executed && !is_late(operation))
			return "something follows exec that is not for later verbs";
		if (barred && !executed && operation->actor == ACTOR_RUNTIME)
			return "the runtime acts after the barrier";
		if (operation->code == OP_AWAIT_START || operation->code == OP_EXEC) {
			if (operation->actor != ACTOR_INIT || !cloned || (operation->code == OP_AWAIT_START && barred))
				return "the barrier or exec stands where it cannot";
			barred = true;
			executed = operation->code == OP_EXEC;
			if (executed && operation->arguments[EXEC_ARGV].strings.count == 0)
				return "exec has no program";
		}
	}
	return executed ? NULL : "nothing is executed";
}

static int decode_body(struct plan *plan, struct failure *failure)
{
	struct reader reader = { plan->data + PLAN_HEADER_BYTES, plan->size - PLAN_HEADER_BYTES };
	for (int i = 0; i < FACT_COUNT; i++)
		if (!take_value(&reader, FACT_TYPES[i], &plan->facts[i]))
			return fail_plain(failure, "reading the plan: its facts are malformed");
	for (uint32_t i = 0; i < plan->count; i++)
		if (!take_operation(&reader, &plan->operations[i]))
			return fail_plain(failure, "reading the plan: operation %u is malformed", i);
	if (reader.left != 0)
		return fail_plain(failure, "reading the plan: bytes follow the last operation");
	const char *problem = order_problem(plan);
	return problem ? fail_plain(failure, "reading the plan: %s", problem) : 0;
}

int plan_decode(struct plan *plan, uint8_t *data, size_t size, struct failure *failure)
{
	*plan = (struct plan){ .data = data, .size = size };
	if (size < PLAN_HEADER_BYTES || memcmp(data, PLAN_MAGIC, 8) != 0)
		return fail_plain(failure, "reading the plan: it does not begin as a plan");
	struct reader header = { data + 8, 8 };
	uint32_t version = 0, total = 0, facts = 0, count = 0;
	take_u32(&header, &version);
	take_u32(&header, &total);
	header = (struct reader){ data + 48, 8 };
	take_u32(&header, &facts);
	take_u32(&header, &count);
	if (version != PLAN_VERSION)
		return fail_plain(failure, "reading the plan: version %u, this tlab-runc reads %d", version, PLAN_VERSION);
	if (size > PLAN_MAX_BYTES || total != size)
		return fail_plain(failure, "reading the plan: its length is not the one it states");
	if (facts != FACT_COUNT || count == 0 || count > PLAN_MAX_OPERATIONS)
		return fail_plain(failure, "reading the plan: its counts are out of bounds");
	sha256_hex(data + 16, plan->sha256);
	plan->operations = calloc(count, sizeof *plan->operations);
	if (!plan->operations)
		return fail_call(failure, "calloc", "reading the plan");
	plan->count = count;
	return decode_body(plan, failure);
}

static uint8_t *read_open(int fd, size_t limit, size_t *size)
{
	struct stat status;
	if (fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || (size_t)status.st_size > limit) {
		errno = EFBIG;
		return NULL;
	}
	uint8_t *data = malloc((size_t)status.st_size + 1);
	ssize_t got = data ? pread(fd, data, (size_t)status.st_size, 0) : -1;
	if (got != status.st_size) {
		free(data);
		errno = EIO;
		return NULL;
	}
	data[got] = '\0';
	*size = (size_t)got;
	return data;
}

uint8_t *read_whole(int dir, const char *path, size_t limit, size_t *size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return NULL;
	uint8_t *data = read_open(fd, limit, size);
	int number = errno;
	close(fd);
	errno = number;
	return data;
}

int plan_read(struct plan *plan, int fd, const char *path, struct failure *failure)
{
	size_t size = 0;
	*plan = (struct plan){ 0 };
	uint8_t *data = fd < 0 ? NULL : read_open(fd, PLAN_MAX_BYTES, &size);
	if (!data)
		return fail_call(failure, "open(2)", "reading the plan \"%s\"", path);
	return plan_decode(plan, data, size, failure);
}

void plan_free(struct plan *plan)
{
	for (uint32_t i = 0; i < plan->count && plan->operations; i++) {
		const struct operation *operation = &plan->operations[i];
		if (!operation->name)
			break;
		for (size_t j = 0; rows[operation->code].types[j] != '\0'; j++)
			if (rows[operation->code].types[j] == 'v')
				free(operation->arguments[j].strings.items);
	}
	free(plan->operations);
	free(plan->data);
	*plan = (struct plan){ 0 };
}

const struct operation *plan_find(const struct plan *plan, enum operation_code code, uint32_t from)
{
	for (uint32_t i = from; i < plan->count; i++)
		if (plan->operations[i].code == code)
			return &plan->operations[i];
	return NULL;
}
