#include "xattrs.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/xattr.h>

#include "failure.h"

bool xattr_is_copied(const char *name)
{
	return strncmp(name, "trusted.overlay.", 16) != 0 && strncmp(name, "user.overlay.", 13) != 0 &&
	       strcmp(name, "security.selinux") != 0;
}

void xattrs_copy(int from, int to)
{
	static char names[XATTR_LIST_MAX], value[XATTR_SIZE_MAX];
	ssize_t length = flistxattr(from, names, sizeof names);
	if (length < 0 && errno != ENOTSUP)
		fail_call("flistxattr(2)");
	for (char *name = names; name < names + length; name += strlen(name) + 1) {
		if (!xattr_is_copied(name))
			continue;
		ssize_t size = fgetxattr(from, name, value, sizeof value);
		if (size >= 0 && fsetxattr(to, name, value, (size_t)size, 0) < 0 && errno != ENOTSUP)
			fail_call("fsetxattr(2)");
	}
}
