/*
 * A network device of the host goes into the container's network namespace: its lasting addresses are read, it is moved and renamed in one
 * message, then its addresses are given back and it is brought up, since the kernel takes both on the way.
 * Rule: all of it happens in a process of its own, which ends in the container's network: the runtime stays on the host.
 * @source oci-runtime config-linux#network-devices, man rtnetlink(7)
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "executor.h"

enum { MOST_ADDRESSES = 64, MOST_ATTRIBUTES = 256 };

/* An address as the kernel tells it: what is sent back is the same message with another index. */
struct address {
	struct ifaddrmsg head;
	unsigned char attributes[MOST_ATTRIBUTES];
	size_t size;
};

struct request {
	struct nlmsghdr head;
	unsigned char body[512];
};

static void begin(struct request *request, uint16_t type, uint16_t flags, const void *body, size_t size)
{
	*request = (struct request){ .head = { .nlmsg_type = type, .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags), .nlmsg_seq = 1 } };
	request->head.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + NLMSG_ALIGN(size));
	memcpy(request->body, body, size);
}

/* Room is enough: attributes are bounded by MOST_ATTRIBUTES. */
static void append(struct request *request, const void *data, size_t size)
{
	memcpy((unsigned char *)request + request->head.nlmsg_len, data, size);
	request->head.nlmsg_len += (uint32_t)NLMSG_ALIGN(size);
}

static void append_attribute(struct request *request, uint16_t type, const void *data, size_t size)
{
	struct rtattr attribute = { .rta_type = type, .rta_len = (unsigned short)RTA_LENGTH(size) };
	append(request, &attribute, sizeof attribute);
	append(request, data, size);
}

/* Sends and waits for the kernel's answer; -1 with its errno. */
static int ask(int netlink, const struct request *request)
{
	_Alignas(struct nlmsghdr) unsigned char answer[8192];
	if (send(netlink, request, request->head.nlmsg_len, 0) < 0)
		return -1;
	ssize_t got = recv(netlink, answer, sizeof answer, 0);
	const struct nlmsghdr *head = (const struct nlmsghdr *)(const void *)answer;
	if (got < (ssize_t)NLMSG_LENGTH(sizeof(struct nlmsgerr)) || head->nlmsg_type != NLMSG_ERROR) {
		errno = got < 0 ? errno : EPROTO;
		return -1;
	}
	errno = -((const struct nlmsgerr *)NLMSG_DATA(head))->error;
	return errno == 0 ? 0 : -1;
}

static bool is_lasting(const struct ifaddrmsg *head, int index)
{
	return (int)head->ifa_index == index && head->ifa_flags & IFA_F_PERMANENT && head->ifa_scope == RT_SCOPE_UNIVERSE;
}

/* 1: more to come, 0: the last part, -1 with errno. */
static int keep_part(const unsigned char *part, size_t size, int index, struct address *addresses, unsigned *count)
{
	const struct nlmsghdr *head = (const struct nlmsghdr *)(const void *)part;
	for (; NLMSG_OK(head, size); head = NLMSG_NEXT(head, size)) {
		const struct ifaddrmsg *found = NLMSG_DATA(head);
		if (head->nlmsg_type == NLMSG_DONE)
			return 0;
		if (head->nlmsg_type == NLMSG_ERROR) {
			errno = -((const struct nlmsgerr *)NLMSG_DATA(head))->error;
			return -1;
		}
		if (head->nlmsg_type != RTM_NEWADDR || !is_lasting(found, index))
			continue;
		size_t attributes = head->nlmsg_len - NLMSG_SPACE(sizeof *found);
		if (*count == MOST_ADDRESSES || attributes > MOST_ATTRIBUTES) {
			errno = E2BIG;
			return -1;
		}
		struct address *address = &addresses[(*count)++];
		address->head = *found;
		address->size = attributes;
		memcpy(address->attributes, (const unsigned char *)found + NLMSG_ALIGN(sizeof *found), attributes);
	}
	return 1;
}

static int read_addresses(int netlink, int index, struct address *addresses, unsigned *count)
{
	_Alignas(struct nlmsghdr) static unsigned char part[32768];
	struct request request;
	struct ifaddrmsg all = { .ifa_family = AF_UNSPEC };
	int more = 1;
	begin(&request, RTM_GETADDR, NLM_F_DUMP, &all, sizeof all);
	if (send(netlink, &request, request.head.nlmsg_len, 0) < 0)
		return -1;
	while (more > 0) {
		ssize_t got = recv(netlink, part, sizeof part, 0);
		more = got < 0 ? -1 : keep_part(part, (size_t)got, index, addresses, count);
	}
	return more;
}

static int move(int netlink, int index, int namespace, const char *name)
{
	struct request request;
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	begin(&request, RTM_NEWLINK, NLM_F_ACK, &link, sizeof link);
	append_attribute(&request, IFLA_NET_NS_FD, &namespace, sizeof namespace);
	append_attribute(&request, IFLA_IFNAME, name, strlen(name) + 1);
	return ask(netlink, &request);
}

static int give_address(int netlink, int index, const struct address *address)
{
	struct request request;
	struct ifaddrmsg head = address->head;
	head.ifa_index = (uint32_t)index;
	begin(&request, RTM_NEWADDR, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	append(&request, address->attributes, address->size);
	return ask(netlink, &request);
}

static int bring_up(int netlink, int index)
{
	struct request request;
	struct ifinfomsg link = { .ifi_family = AF_UNSPEC, .ifi_index = index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP };
	begin(&request, RTM_NEWLINK, NLM_F_ACK, &link, sizeof link);
	return ask(netlink, &request);
}

static int open_netlink(void)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static int move_device(struct executor *executor, const char *device, const char *name)
{
	static struct address addresses[MOST_ADDRESSES];
	unsigned count = 0;
	char path[64];
	snprintf(path, sizeof path, "%d/ns/net", executor->child);
	int index = (int)if_nametoindex(device), netlink = open_netlink();
	if (index == 0 || netlink < 0)
		return FAIL_CALL(executor, index == 0 ? "ioctl(2)" : "socket(2)", "moving network device \"%s\"", device);
	int namespace = openat(executor->host_proc, path, O_RDONLY | O_CLOEXEC);
	if (namespace < 0)
		return FAIL_CALL(executor, "open(2)", "moving network device \"%s\": opening the network namespace", device);
	if (read_addresses(netlink, index, addresses, &count) < 0)
		return FAIL_CALL(executor, "RTM_GETADDR", "moving network device \"%s\": reading its addresses", device);
	/* From here on in the container's network; the socket stays one of the host's. The name first: the kernel moves, then renames. */
	if (setns(namespace, CLONE_NEWNET) < 0)
		return FAIL_CALL(executor, "setns(2)", "moving network device \"%s\": entering the network of the container", device);
	if (if_nametoindex(name) != 0)
		return FAIL(executor, "moving network device \"%s\": the container has one of the name \"%s\"", device, name);
	if (move(netlink, index, namespace, name) < 0)
		return FAIL_CALL(executor, "RTM_NEWLINK", "moving network device \"%s\" into the container as \"%s\"", device, name);
	close(netlink);
	netlink = open_netlink();
	index = (int)if_nametoindex(name);
	if (netlink < 0 || index == 0)
		return FAIL_CALL(executor, "socket(2)", "finding network device \"%s\" in the container", name);
	for (unsigned i = 0; i < count; i++)
		if (give_address(netlink, index, &addresses[i]) < 0)
			return FAIL_CALL(executor, "RTM_NEWADDR", "giving network device \"%s\" its addresses back", name);
	return bring_up(netlink, index) < 0 ? FAIL_CALL(executor, "RTM_NEWLINK", "bringing network device \"%s\" up", name) : 0;
}

int op_net_device(struct executor *executor, const struct operation *operation)
{
	const char *device = operation->arguments[NET_DEVICE_DEVICE].string, *name = operation->arguments[NET_DEVICE_NAME].string;
	int status = 0;
	pid_t pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		_exit(move_device(executor, device, name) < 0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return FAIL_CALL(executor, pid < 0 ? "fork(2)" : "waitpid(2)", "moving network device \"%s\"", device);
	if (WIFSIGNALED(status))
		return FAIL(executor, "moving network device \"%s\": killed by signal %d", device, WTERMSIG(status));
	return WEXITSTATUS(status) == 0 ? 0 : -1;
}
