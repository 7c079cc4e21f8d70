/* The little of D-Bus that an answer needs: one message from a socket, its header's fields, the first values of its body. */
#ifndef TLAB_DBUS_H
#define TLAB_DBUS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DBUS_TEXT_MAX 512
#define DBUS_MESSAGE_MAX (1u << 20)
#define DBUS_SERIAL 1 /* of the one call on a connection: src/runc/systemd/message.ts */

enum dbus_type { DBUS_METHOD_RETURN = 2, DBUS_ERROR = 3, DBUS_SIGNAL = 4 };

struct dbus_message {
	uint8_t *data; /* whole, malloc'd */
	size_t size, body;
	unsigned type;
	uint32_t reply_serial; /* 0: none */
	char member[DBUS_TEXT_MAX], error_name[DBUS_TEXT_MAX]; /* "": none */
};

struct dbus_body {
	const uint8_t *data;
	size_t size, at; /* offsets count from the body's start, which is aligned to eight */
};

/* Blocks. -1 with errno: EBADMSG for what is no message, ECONNRESET at the end of the stream. */
int dbus_receive(int fd, struct dbus_message *message);
/* Checks a whole message and finds its fields; used by dbus_receive, and by tests. */
int dbus_parse(struct dbus_message *message);
void dbus_free(struct dbus_message *message);

struct dbus_body dbus_body_of(const struct dbus_message *message);
bool dbus_skip_u32(struct dbus_body *body);
/* A string or object path; false when there is none or it is longer than `size` holds. */
bool dbus_take_text(struct dbus_body *body, char *text, size_t size);

#endif
