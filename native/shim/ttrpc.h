/*
 * ttrpc: frames of a 10-byte header (length, stream id, type, flags; big endian) and a protobuf message, on a unix stream.
 * `struct channel` is one connection's framing, for server and client alike. Rules: no more memory is taken than bytes
 * have arrived, a frame over 4 MiB is skipped and reported, and anything malformed ends this one connection.
 * @source ttrpc PROTOCOL.md
 */
#ifndef TLAB_TTRPC_H
#define TLAB_TTRPC_H
#include "loop.h"
#include "proto.h"

enum frame_type { FRAME_REQUEST = 1, FRAME_RESPONSE = 2, FRAME_DATA = 3 };

/* gRPC status codes. @source grpc statuscodes */
enum code {
	CODE_OK = 0,
	CODE_UNKNOWN = 2,
	CODE_INVALID_ARGUMENT = 3,
	CODE_DEADLINE_EXCEEDED = 4,
	CODE_NOT_FOUND = 5,
	CODE_ALREADY_EXISTS = 6,
	CODE_RESOURCE_EXHAUSTED = 8,
	CODE_FAILED_PRECONDITION = 9,
	CODE_UNIMPLEMENTED = 12,
	CODE_INTERNAL = 13,
	CODE_UNAVAILABLE = 14,
};

#define FRAME_MAX (4u << 20)
#define FRAME_HEADER 10u

struct frame {
	uint32_t stream;
	uint8_t type;
	bool oversized; /* the message was over FRAME_MAX; it is skipped and not here */
	struct bytes message;
};

struct channel {
	struct source source;
	uint8_t *input;
	size_t input_length;
	size_t input_size;
	uint64_t skip; /* bytes of an oversized frame still to come */
	struct writer output;
	size_t output_sent;
	bool closing; /* set inside on_frame: the caller closes once it returns */
	/* Returns false when the frame is not acceptable: the channel is then closed. */
	bool (*on_frame)(struct channel *channel, const struct frame *frame);
	/* The channel's descriptor is closed and its memory freed; the owner may free itself. */
	void (*on_close)(struct channel *channel);
};

/* A frame as it goes over the wire: its header, and after it its message. */
void frame_put(struct writer *output, const struct frame *frame);

/* Takes the descriptor. Returns false, with the descriptor closed, when memory is short. */
bool channel_open(struct channel *channel, int fd);
void channel_close(struct channel *channel);
/* Queues a frame and sends what the socket takes now. Safe inside on_frame. */
void channel_send(struct channel *channel, uint32_t stream, uint8_t type, const struct writer *message);

#endif
