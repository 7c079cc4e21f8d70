#include "whiteout.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "hide.h"

static const char mark[] = ".wh.";
static const char opaque[] = ".wh..wh..opq";
/* Aufs's own bookkeeping, which says nothing about files. */
static const char aufs[] = ".wh..wh.";

bool whiteout_is(const char *name)
{
	return strncmp(name, mark, strlen(mark)) == 0;
}

bool whiteout_is_made(const struct stat *status)
{
	return S_ISCHR(status->st_mode) && status->st_rdev == makedev(0, 0);
}

void whiteout_opaque(int directory)
{
	if (fsetxattr(directory, "trusted.overlay.opaque", "y", 1, 0) < 0)
		fail_call("fsetxattr(2) of trusted.overlay.opaque");
}

/* The same layer has the name too: what is below is hidden, what this layer has stays. */
static void hide_below(const struct place *hidden)
{
	int fd = openat(hidden->parent, hidden->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return; /* anything but a directory hides what is below it by itself */
	whiteout_opaque(fd);
	close(fd);
}

void whiteout_make(const struct place *place, enum whiteouts how)
{
	if (how == whiteouts_refused)
		fail("it is a whiteout, which needs --whiteouts overlay or remove");
	if (strcmp(place->name, opaque) == 0) {
		hide_children(place->parent);
		if (how == whiteouts_overlay)
			whiteout_opaque(place->parent);
		return;
	}
	if (strncmp(place->name, aufs, strlen(aufs)) == 0)
		return;
	struct place hidden = { .parent = place->parent };
	strcpy(hidden.name, place->name + strlen(mark));
	if (hidden.name[0] == '\0' || strcmp(hidden.name, ".") == 0 || strcmp(hidden.name, "..") == 0)
		fail("it is a whiteout of no name");
	hide_name(&hidden);
	if (how == whiteouts_remove)
		return;
	if (mknodat(hidden.parent, hidden.name, S_IFCHR, makedev(0, 0)) == 0)
		hide_raised(&hidden);
	else if (errno == EEXIST)
		hide_below(&hidden);
	else
		fail_call("mknodat(2) of a whiteout");
}
