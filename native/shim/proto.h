/*
 * Protobuf's wire format, read and written by hand: the few messages of the task API need no generated code.
 * Rule of the reader: it never looks beyond its bytes; the first malformed byte ends it with `bad` set, and a
 * message that is bad is refused whole.
 * @source protobuf encoding
 */
#ifndef TLAB_PROTO_H
#define TLAB_PROTO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
	const uint8_t *at;
	size_t length;
};

struct reader {
	struct bytes left;
	bool bad;
	/* The field that proto_next found. */
	uint32_t field;
	uint64_t number;    /* of a varint or fixed field */
	struct bytes value; /* of a length-delimited field */
	bool is_bytes;
};

void proto_read(struct reader *reader, struct bytes message);
bool proto_next(struct reader *reader);
/* True when the current field is number `field` and length-delimited (or a varint): a wrong wire type is skipped like an unknown field. */
bool proto_is_bytes(const struct reader *reader, uint32_t field);
bool proto_is_number(const struct reader *reader, uint32_t field);

/* A growing buffer. When memory is short it is remembered in `failed`, and what was written must not be used. */
struct writer {
	uint8_t *at;
	size_t length;
	size_t size;
	bool failed;
};

void writer_free(struct writer *writer);
void put_raw(struct writer *writer, const void *data, size_t length);
/* As proto3 does, zero and empty values are left out. */
void put_number(struct writer *writer, uint32_t field, uint64_t value);
void put_bytes(struct writer *writer, uint32_t field, struct bytes value);
void put_string(struct writer *writer, uint32_t field, const char *value);
/* One number of a packed list, which is then put as bytes. */
void put_packed(struct writer *list, uint64_t value);
/* A nested message is written even when it is empty. */
void put_message(struct writer *writer, uint32_t field, const struct writer *message);
void put_time(struct writer *writer, uint32_t field, int64_t seconds, int32_t nanoseconds);
/* google.protobuf.Any */
void put_any(struct writer *writer, uint32_t field, const char *type_url, const struct writer *message);

struct bytes writer_bytes(const struct writer *writer);

/* A copy as a C string; NULL when it holds a NUL byte or memory is short. The caller frees it. */
char *bytes_string(struct bytes bytes);
bool bytes_equal(struct bytes bytes, const char *text);

#endif
