#include "ttrpc.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

void channel_close(struct channel *channel)
{
	if (channel->source.fd < 0)
		return;
	int fd = channel->source.fd;
	loop_remove(&channel->source);
	close(fd);
	free(channel->input);
	channel->input = NULL;
	writer_free(&channel->output);
	channel->on_close(channel);
}

static bool grow_input(struct channel *channel)
{
	if (channel->input_length < channel->input_size)
		return true;
	size_t size = channel->input_size ? channel->input_size * 2 : 1024;
	uint8_t *grown = realloc(channel->input, size);
	if (!grown)
		return false;
	channel->input = grown;
	channel->input_size = size;
	return true;
}

static void drop_input(struct channel *channel, size_t length)
{
	channel->input_length -= length;
	if (channel->input_length > 0) {
		memmove(channel->input, channel->input + length, channel->input_length);
		return;
	}
	free(channel->input); /* an idle connection holds no buffer */
	channel->input = NULL;
	channel->input_size = 0;
}

static void skip_input(struct channel *channel)
{
	size_t length = channel->input_length;
	if (channel->skip < length)
		length = (size_t)channel->skip;
	if (length == 0)
		return;
	channel->skip -= length;
	drop_input(channel, length);
}

/* 1: a frame was handled, 0: more bytes are needed, -1: the peer does not speak ttrpc. */
static int take_frame(struct channel *channel)
{
	skip_input(channel);
	if (channel->skip > 0 || channel->input_length < FRAME_HEADER)
		return 0;
	uint32_t length = big_endian(channel->input);
	struct frame frame = { .stream = big_endian(channel->input + 4), .type = channel->input[8] };
	if (frame.type < FRAME_REQUEST || frame.type > FRAME_DATA || frame.stream == 0)
		return -1;
	if (length > FRAME_MAX) {
		frame.oversized = true;
		channel->skip = length;
		drop_input(channel, FRAME_HEADER);
		return channel->on_frame(channel, &frame) ? 1 : -1;
	}
	if (channel->input_length < FRAME_HEADER + length)
		return 0;
	frame.message = (struct bytes){ channel->input + FRAME_HEADER, length };
	bool accepted = channel->on_frame(channel, &frame);
	drop_input(channel, FRAME_HEADER + length);
	return accepted ? 1 : -1;
}

static bool receive(struct channel *channel)
{
	if (!grow_input(channel))
		return false;
	ssize_t n = recv(channel->source.fd, channel->input + channel->input_length, channel->input_size - channel->input_length,
	                 MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == 0)
		return false;
	channel->input_length += (size_t)n;
	int taken;
	while ((taken = take_frame(channel)) > 0 && !channel->closing)
		continue;
	return taken >= 0 && !channel->closing;
}

static bool transmit(struct channel *channel)
{
	struct writer *output = &channel->output;
	while (channel->output_sent < output->length) {
		ssize_t n = send(channel->source.fd, output->at + channel->output_sent, output->length - channel->output_sent,
		                 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		channel->output_sent += (size_t)n;
	}
	bool blocked = channel->output_sent < output->length;
	if (blocked && errno != EAGAIN)
		return false;
	channel->source.events = blocked ? POLLIN | POLLOUT : POLLIN;
	if (!blocked) {
		writer_free(output);
		channel->output_sent = 0;
	}
	return true;
}

static void channel_ready(struct source *source, short revents)
{
	struct channel *channel = (struct channel *)source; /* its first member */
	if ((revents & POLLOUT) && !transmit(channel)) {
		channel_close(channel);
		return;
	}
	if ((revents & (POLLIN | POLLHUP | POLLERR)) && !receive(channel))
		channel_close(channel);
}

bool channel_open(struct channel *channel, int fd)
{
	if (loop_add(&channel->source, fd, POLLIN, channel_ready))
		return true;
	close(fd);
	channel->source.fd = -1;
	return false;
}

void frame_put(struct writer *output, const struct frame *frame)
{
	uint32_t length = (uint32_t)frame->message.length, stream = frame->stream;
	const uint8_t header[FRAME_HEADER] = {
		(uint8_t)(length >> 24), (uint8_t)(length >> 16), (uint8_t)(length >> 8), (uint8_t)length,
		(uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream,
		frame->type,
	};
	put_raw(output, header, sizeof header);
	put_raw(output, frame->message.at, frame->message.length);
}

void channel_send(struct channel *channel, uint32_t stream, uint8_t type, const struct writer *message)
{
	if (channel->source.fd < 0 || message->failed)
		return;
	frame_put(&channel->output, &(struct frame){ .stream = stream, .type = type, .message = writer_bytes(message) });
	/* Half a frame would break every later one. The close is left to the loop: callers hold pointers. */
	if (channel->output.failed || !transmit(channel))
		shutdown(channel->source.fd, SHUT_RDWR);
}
