#include "confine.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "failure.h"

void confine_capabilities(const int *kept)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	if (syscall(SYS_capget, &header, data) < 0)
		fail_call("capget(2)");
	__u32 wanted[2] = { 0 };
	for (; *kept >= 0; kept++)
		wanted[*kept / 32] |= 1u << *kept % 32;
	for (int i = 0; i < 2; i++) {
		data[i].permitted &= wanted[i];
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	if (syscall(SYS_capset, &header, data) < 0)
		fail_call("capset(2)");
}

void confine_to(int directory, const int *kept)
{
	/* Without root this is refused; names are resolved beneath the directory either way. */
	if (fchdir(directory) < 0 || (chroot(".") < 0 && errno != EPERM))
		fail_call("chroot(2)");
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		fail_call("prctl(2)");
	confine_capabilities(kept);
}
