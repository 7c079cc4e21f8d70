/* Listens on a pidfd socket; prints what the runtime says beside the descriptor, and the pid that the descriptor is of. */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	char text[64] = "", path[64], line[256];
	struct iovec part = { text, sizeof text - 1 };
	struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	int fd;
	if (argc < 2 || strlen(argv[1]) >= sizeof address.sun_path)
		return 2;
	strcpy(address.sun_path, argv[1]);
	int listening = socket(AF_UNIX, SOCK_STREAM, 0);
	if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0 || listen(listening, 1) < 0)
		return 2;
	if (recvmsg(accept(listening, NULL, NULL), &message, 0) <= 0 || !CMSG_FIRSTHDR(&message))
		return 3;
	memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
	printf("%s\n", text);
	snprintf(path, sizeof path, "/proc/self/fdinfo/%d", fd);
	FILE *info = fopen(path, "r");
	while (info && fgets(line, sizeof line, info))
		if (strncmp(line, "Pid:", 4) == 0)
			printf("%s", line);
	return 0;
}
