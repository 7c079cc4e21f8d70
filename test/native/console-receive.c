/* Listens on a console socket, takes the terminal that the runtime sends, copies what is written to it until it is closed. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int receive(int from)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char name[256];
	struct iovec text = { name, sizeof name };
	struct msghdr message = { .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	int fd = -1;
	if (recvmsg(from, &message, 0) <= 0 || !CMSG_FIRSTHDR(&message))
		return -1;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	return fd;
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char buffer[4096];
	ssize_t got;
	if (argc < 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 1) < 0)
		return 2;
	int master = receive(accept(listening, NULL, NULL));
	if (master < 0)
		return 3;
	while ((got = read(master, buffer, sizeof buffer)) > 0)
		if (write(1, buffer, (size_t)got) != got)
			return 4;
	return 0;
}
