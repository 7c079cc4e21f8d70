#include "handover.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

int message_send(int socket, enum message_kind kind, uint32_t index)
{
	struct message message = { (uint32_t)kind, index };
	ssize_t sent;
	do
		sent = send(socket, &message, sizeof message, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	return sent == sizeof message ? 0 : -1;
}

int message_tell(int socket, enum message_kind kind, uint32_t index)
{
	struct message message = { (uint32_t)kind, index };
	ssize_t sent;
	do
		sent = write(socket, &message, sizeof message);
	while (sent < 0 && errno == EINTR);
	return sent == sizeof message ? 0 : -1;
}

int message_receive(int socket, struct message *message)
{
	ssize_t got;
	do
		got = read(socket, message, sizeof *message);
	while (got < 0 && errno == EINTR);
	if (got == 0 || (got < 0 && errno == ECONNRESET))
		return 0;
	return got == sizeof *message ? 1 : -1;
}
