#include "dbus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define HEAD_BYTES 16
enum field { FIELD_MEMBER = 3, FIELD_ERROR_NAME = 4, FIELD_REPLY_SERIAL = 5 };

static uint32_t u32_at(const uint8_t *data)
{
	return (uint32_t)data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
}

static bool align(struct dbus_body *body, size_t to)
{
	size_t at = (body->at + to - 1) / to * to;
	if (at > body->size)
		return false;
	body->at = at;
	return true;
}

static bool take_u32(struct dbus_body *body, uint32_t *value)
{
	if (!align(body, 4) || body->size - body->at < 4)
		return false;
	*value = u32_at(body->data + body->at);
	body->at += 4;
	return true;
}

bool dbus_skip_u32(struct dbus_body *body)
{
	uint32_t ignored;
	return take_u32(body, &ignored);
}

/* `length` bytes and a NUL. A longer text than `size` holds is passed over and "" is given. */
static bool take_bytes(struct dbus_body *body, size_t length, char *text, size_t size)
{
	if (length >= body->size - body->at || body->data[body->at + length] != '\0')
		return false;
	bool fits = length < size;
	if (fits)
		memcpy(text, body->data + body->at, length);
	text[fits ? length : 0] = '\0';
	body->at += length + 1;
	return fits;
}

bool dbus_take_text(struct dbus_body *body, char *text, size_t size)
{
	uint32_t length;
	return take_u32(body, &length) && take_bytes(body, length, text, size);
}

/* One field: its code, its type, its value. Types of fields are string, object path, signature and number. */
static bool take_field(struct dbus_body *fields, struct dbus_message *message)
{
	char type[4], ignored[DBUS_TEXT_MAX];
	if (!align(fields, 8) || fields->size - fields->at < 2)
		return false;
	unsigned code = fields->data[fields->at++];
	size_t length = fields->data[fields->at++];
	if (!take_bytes(fields, length, type, sizeof type))
		return false;
	if (strcmp(type, "u") == 0) {
		uint32_t number;
		if (!take_u32(fields, &number))
			return false;
		if (code == FIELD_REPLY_SERIAL)
			message->reply_serial = number;
		return true;
	}
	if (strcmp(type, "g") == 0) {
		if (fields->size == fields->at)
			return false;
		length = fields->data[fields->at++];
		return take_bytes(fields, length, ignored, sizeof ignored);
	}
	if (strcmp(type, "s") != 0 && strcmp(type, "o") != 0)
		return false;
	char *text = code == FIELD_MEMBER ? message->member : code == FIELD_ERROR_NAME ? message->error_name : ignored;
	return dbus_take_text(fields, text, DBUS_TEXT_MAX);
}

/* Sizes from the first sixteen bytes; false for what is too long or not of our byte order. */
static bool sizes_of(const uint8_t *head, size_t *fields, size_t *body_at, size_t *total)
{
	uint32_t body = u32_at(head + 4);
	*fields = u32_at(head + 12);
	if (head[0] != 'l' || head[3] != 1 || *fields > DBUS_MESSAGE_MAX || body > DBUS_MESSAGE_MAX)
		return false;
	*body_at = (HEAD_BYTES + *fields + 7) / 8 * 8;
	*total = *body_at + body;
	return true;
}

int dbus_parse(struct dbus_message *message)
{
	size_t length, total;
	errno = EBADMSG;
	if (message->size < HEAD_BYTES || !sizes_of(message->data, &length, &message->body, &total) || total != message->size)
		return -1;
	message->type = message->data[1];
	struct dbus_body fields = { message->data, HEAD_BYTES + length, HEAD_BYTES };
	while (fields.at < fields.size)
		if (!take_field(&fields, message))
			return -1;
	return 0;
}

static bool receive_all(int fd, uint8_t *data, size_t size)
{
	for (size_t got = 0; got < size;) {
		ssize_t n = recv(fd, data + got, size - got, 0);
		if (n <= 0) {
			if (n == 0)
				errno = ECONNRESET;
			return false;
		}
		got += (size_t)n;
	}
	return true;
}

int dbus_receive(int fd, struct dbus_message *message)
{
	uint8_t head[HEAD_BYTES];
	size_t length, body;
	*message = (struct dbus_message){ 0 };
	if (!receive_all(fd, head, sizeof head))
		return -1;
	errno = EBADMSG;
	if (!sizes_of(head, &length, &body, &message->size))
		return -1;
	message->data = malloc(message->size);
	if (!message->data)
		return -1;
	memcpy(message->data, head, sizeof head);
	if (receive_all(fd, message->data + sizeof head, message->size - sizeof head) && dbus_parse(message) == 0)
		return 0;
	int number = errno;
	dbus_free(message);
	errno = number;
	return -1;
}

void dbus_free(struct dbus_message *message)
{
	free(message->data);
	message->data = NULL;
}

struct dbus_body dbus_body_of(const struct dbus_message *message)
{
	return (struct dbus_body){ message->data + message->body, message->size - message->body, 0 };
}
