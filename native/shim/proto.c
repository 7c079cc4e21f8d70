#include "proto.h"

#include <stdlib.h>
#include <string.h>

enum wire_type { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

static uint64_t read_varint(struct reader *reader)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (reader->left.length == 0)
			break;
		uint8_t byte = *reader->left.at;
		reader->left.at++;
		reader->left.length--;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	reader->bad = true;
	return 0;
}

static struct bytes take(struct reader *reader, uint64_t length)
{
	struct bytes taken = { reader->left.at, 0 };
	if (length > reader->left.length) {
		reader->bad = true;
		return taken;
	}
	taken.length = (size_t)length;
	reader->left.at += taken.length;
	reader->left.length -= taken.length;
	return taken;
}

static uint64_t little_endian(struct bytes bytes)
{
	uint64_t value = 0;
	for (size_t i = bytes.length; i > 0; i--)
		value = value << 8 | bytes.at[i - 1];
	return value;
}

void proto_read(struct reader *reader, struct bytes message)
{
	*reader = (struct reader){ .left = message };
}

bool proto_next(struct reader *reader)
{
	if (reader->bad || reader->left.length == 0)
		return false;
	uint64_t key = read_varint(reader);
	if (key >> 3 == 0 || key >> 3 > 0x1fffffff)
		reader->bad = true;
	reader->field = (uint32_t)(key >> 3);
	reader->is_bytes = false;
	reader->value = (struct bytes){ 0 };
	switch (reader->bad ? 8 : (int)(key & 7)) {
	case WIRE_VARINT:
		reader->number = read_varint(reader);
		break;
	case WIRE_FIXED64:
		reader->number = little_endian(take(reader, 8));
		break;
	case WIRE_FIXED32:
		reader->number = little_endian(take(reader, 4));
		break;
	case WIRE_BYTES:
		reader->is_bytes = true;
		reader->value = take(reader, read_varint(reader));
		break;
	default:
		reader->bad = true;
	}
	return !reader->bad;
}

bool proto_is_bytes(const struct reader *reader, uint32_t field)
{
	return reader->field == field && reader->is_bytes;
}

bool proto_is_number(const struct reader *reader, uint32_t field)
{
	return reader->field == field && !reader->is_bytes;
}

void writer_free(struct writer *writer)
{
	free(writer->at);
	*writer = (struct writer){ 0 };
}

void put_raw(struct writer *writer, const void *data, size_t length)
{
	if (writer->failed || length == 0)
		return;
	if (length > writer->size - writer->length) {
		size_t size = writer->size ? writer->size : 128;
		while (size - writer->length < length)
			size *= 2;
		uint8_t *grown = realloc(writer->at, size);
		if (!grown) {
			writer->failed = true;
			return;
		}
		writer->at = grown;
		writer->size = size;
	}
	memcpy(writer->at + writer->length, data, length);
	writer->length += length;
}

static void put_varint(struct writer *writer, uint64_t value)
{
	uint8_t encoded[10];
	size_t length = 0;
	do {
		encoded[length] = (uint8_t)(value & 0x7f);
		value >>= 7;
		if (value)
			encoded[length] |= 0x80;
		length++;
	} while (value);
	put_raw(writer, encoded, length);
}

static void put_delimited(struct writer *writer, uint32_t field, struct bytes value)
{
	put_varint(writer, (uint64_t)field << 3 | WIRE_BYTES);
	put_varint(writer, value.length);
	put_raw(writer, value.at, value.length);
}

void put_number(struct writer *writer, uint32_t field, uint64_t value)
{
	if (value == 0)
		return;
	put_varint(writer, (uint64_t)field << 3 | WIRE_VARINT);
	put_varint(writer, value);
}

void put_packed(struct writer *list, uint64_t value)
{
	put_varint(list, value);
}

void put_bytes(struct writer *writer, uint32_t field, struct bytes value)
{
	if (value.length > 0)
		put_delimited(writer, field, value);
}

void put_string(struct writer *writer, uint32_t field, const char *value)
{
	if (value)
		put_bytes(writer, field, (struct bytes){ (const uint8_t *)value, strlen(value) });
}

void put_message(struct writer *writer, uint32_t field, const struct writer *message)
{
	if (message->failed)
		writer->failed = true;
	put_delimited(writer, field, writer_bytes(message));
}

void put_time(struct writer *writer, uint32_t field, int64_t seconds, int32_t nanoseconds)
{
	struct writer time = { 0 };
	put_number(&time, 1, (uint64_t)seconds);
	put_number(&time, 2, (uint64_t)nanoseconds);
	put_message(writer, field, &time);
	writer_free(&time);
}

void put_any(struct writer *writer, uint32_t field, const char *type_url, const struct writer *message)
{
	struct writer any = { 0 };
	put_string(&any, 1, type_url);
	if (message->failed)
		any.failed = true;
	put_bytes(&any, 2, writer_bytes(message));
	put_message(writer, field, &any);
	writer_free(&any);
}

struct bytes writer_bytes(const struct writer *writer)
{
	return (struct bytes){ writer->at, writer->failed ? 0 : writer->length };
}

char *bytes_string(struct bytes bytes)
{
	if (bytes.length > 0 && memchr(bytes.at, 0, bytes.length))
		return NULL;
	char *text = malloc(bytes.length + 1);
	if (!text)
		return NULL;
	if (bytes.length > 0)
		memcpy(text, bytes.at, bytes.length);
	text[bytes.length] = '\0';
	return text;
}

bool bytes_equal(struct bytes bytes, const char *text)
{
	return bytes.length == strlen(text) && memcmp(bytes.at, text, bytes.length) == 0;
}
