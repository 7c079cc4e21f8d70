// One request and its answers on a netlink socket. The kernel works on a request inside sendmsg(2), so its answers are queued
// when send returns and the reads below do not wait; a timeout guards against an answer that the kernel dropped.
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "tlab.h"

int tlab_netlink_open(const char *path) {
    int fd = tlab_netns_socket(path, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
    if (fd < 0) return fd;
    int on = 1;
    struct timeval limit = {.tv_sec = 10};
    // Both options are refinements: a kernel without them still answers with an errno.
    setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof on);
    setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    return fd;
}

// True when the datagram holds the message that ends the exchange.
static int ends_exchange(char *datagram, size_t size, uint32_t last_seq) {
    struct nlmsghdr *header = (struct nlmsghdr *)datagram;
    for (unsigned left = (unsigned)size; NLMSG_OK(header, left); header = NLMSG_NEXT(header, left)) {
        int is_end = header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE;
        if (is_end && header->nlmsg_seq == last_seq) return 1;
    }
    return 0;
}

int64_t tlab_netlink_exchange(int fd, const void *request, size_t size, void *answer, size_t capacity, uint32_t last_seq) {
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent;
    do sent = sendto(fd, request, size, 0, (struct sockaddr *)&kernel, sizeof kernel);
    while (sent < 0 && errno == EINTR);
    if (sent < 0) return -errno;

    size_t used = 0;
    for (;;) {
        // MSG_TRUNC makes the kernel tell the datagram's full size.
        ssize_t got = recv(fd, (char *)answer + used, capacity - used, MSG_TRUNC);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return -errno;
        if ((size_t)got > capacity - used) return -ENOBUFS;
        if (ends_exchange((char *)answer + used, (size_t)got, last_seq)) return (int64_t)(used + (size_t)got);
        // Datagrams keep netlink's alignment, so that the answers can be read as one run of messages.
        used += NLMSG_ALIGN((size_t)got);
        if (used >= capacity) return -ENOBUFS;
    }
}
