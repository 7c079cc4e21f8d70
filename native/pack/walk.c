#include "walk.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../archive/failure.h"
#include "names.h"

/* The path of what is being looked at, as the archive has it. */
static char path[PATH_MAX];

/*
 * A directory that is open. In a comparison it goes out when it differs itself or when something in it does, and must then
 * stand before that: `is_out` remembers.
 */
struct directory {
	struct directory *above;
	struct object object;
	struct object below; /* the same directory of the tree to compare with; fd -1 when it has none */
	size_t length;       /* of its path */
	bool is_out;
};

static size_t append(size_t length, const char *name)
{
	size_t more = strlen(name);
	bool is_slash = length > 0;
	if (length + is_slash + more >= sizeof path)
		fail("a path below \"%.200s\" is longer than %d bytes", path, PATH_MAX - 1);
	if (is_slash)
		path[length] = '/';
	memcpy(path + length + is_slash, name, more + 1);
	return length + is_slash + more;
}

/* `C /etc`, `A /etc/new`, `D /etc/old`, each ended by NUL. */
static void list(char kind)
{
	printf("%c /%s%c", kind, path, '\0');
}

static void directories_out(struct walk *walk, struct directory *directory)
{
	if (!directory || directory->is_out)
		return;
	directories_out(walk, directory->above);
	directory->is_out = true;
	if (directory->length == 0)
		return;
	char kept = path[directory->length];
	path[directory->length] = '\0';
	if (walk->is_list)
		list('C');
	else
		entry_write(walk->packing, path, &directory->object);
	path[directory->length] = kept;
}

static void out(struct walk *walk, struct directory *above, const struct object *object, bool is_new)
{
	directories_out(walk, above);
	if (walk->is_list)
		list(is_new ? 'A' : 'C');
	else
		entry_write(walk->packing, path, object);
}

static void gone(struct walk *walk, struct directory *directory, const char *name)
{
	char mark[NAME_MAX + 5];
	snprintf(mark, sizeof mark, ".wh.%s", name);
	directories_out(walk, directory);
	append(directory->length, walk->is_list ? name : mark);
	if (walk->is_list)
		list('D');
	else
		entry_write_mark(walk->packing, path);
	path[directory->length] = '\0';
}

static bool exists(int parent, const char *name)
{
	struct stat stat;
	return parent >= 0 && fstatat(parent, name, &stat, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Names that a whiteout hides; with a tree to compare with only those that it has. */
static void hidden_gone(struct walk *walk, struct directory *directory, const struct names *names)
{
	for (size_t i = 0; i < names->count; i++) {
		struct object object;
		const char *name = names->list[i];
		if (!object_open(&object, directory->object.fd, name))
			continue;
		bool is_gone = object_is_whiteout(&object) && (walk->below < 0 || exists(directory->below.fd, name));
		object_close(&object);
		if (is_gone)
			gone(walk, directory, name);
	}
}

/* Names of the tree below that are not there any more. */
static void missing_gone(struct walk *walk, struct directory *directory, const struct names *names)
{
	struct names below = names_read(directory->below.fd);
	for (size_t i = 0; i < below.count; i++)
		if (!names_have(names, below.list[i]))
			gone(walk, directory, below.list[i]);
	names_free(&below);
}

/* Whiteouts before the other names of their directory. @source oci-image layer#whiteouts */
static void marks(struct walk *walk, struct directory *directory, const struct names *names)
{
	bool is_opaque = walk->is_upper && object_is_opaque(&directory->object);
	if (is_opaque && walk->below < 0) {
		append(directory->length, ".wh..wh..opq");
		entry_write_mark(walk->packing, path);
		path[directory->length] = '\0';
	}
	if (walk->is_upper)
		hidden_gone(walk, directory, names);
	if (!walk->is_upper || is_opaque)
		missing_gone(walk, directory, names);
}

static void visit(struct walk *walk, struct directory *above, const char *name);

static void enter(struct walk *walk, struct directory *directory)
{
	struct names names = names_read(directory->object.fd);
	if (walk->is_upper || directory->below.fd >= 0)
		marks(walk, directory, &names);
	for (size_t i = 0; i < names.count; i++)
		visit(walk, directory, names.list[i]);
	names_free(&names);
}

/* A layer takes such a name for a whiteout. */
static void check_name(const struct walk *walk, const char *name)
{
	if ((walk->is_upper || walk->below >= 0) && !walk->is_list && strncmp(name, ".wh.", 4) == 0)
		fail("\"%s\" begins with .wh., which means in a layer that the name behind it is deleted", path);
}

static bool is_ignored(const struct walk *walk, const struct object *object)
{
	bool is_empty = S_ISDIR(object->stat.st_mode) || (S_ISREG(object->stat.st_mode) && object->stat.st_size == 0);
	for (const char *const *ignored = walk->ignored; is_empty && ignored && *ignored; ignored++)
		if (strcmp(*ignored, path) == 0)
			return true;
	return false;
}

static void visit(struct walk *walk, struct directory *above, const char *name)
{
	struct directory here = { .above = above, .below = { .fd = -1 } };
	if (!object_open(&here.object, above->object.fd, name))
		return;
	if (walk->is_upper && object_is_whiteout(&here.object))
		return;
	here.length = append(above->length, name);
	check_name(walk, name);
	bool is_new = !exists(above->below.fd, name) || !object_open(&here.below, above->below.fd, name);
	if (is_new && is_ignored(walk, &here.object)) {
		object_close(&here.object);
		path[above->length] = '\0';
		return;
	}
	here.is_out = is_new || object_differs(&here.object, &here.below, !walk->is_list);
	if (here.is_out)
		out(walk, above, &here.object, is_new);
	if (S_ISDIR(here.object.stat.st_mode)) {
		/* What a directory replaces is no tree to compare with. */
		if (!S_ISDIR(here.below.stat.st_mode))
			object_close(&here.below);
		enter(walk, &here);
	}
	object_close(&here.below);
	object_close(&here.object);
	path[above->length] = '\0';
}

void walk_tree(struct walk *walk, int parent, const char *name, const char *as)
{
	struct directory top = { .below = { .fd = -1 } };
	if (!object_open(&top.object, parent, name))
		fail("it is not there any more");
	top.length = append(0, as);
	top.is_out = walk->below < 0 || top.length == 0;
	if (walk->below >= 0 && !object_open(&top.below, walk->below, "."))
		fail("the tree to compare with is not there");
	if (top.length > 0 && walk->below < 0)
		entry_write(walk->packing, path, &top.object);
	if (S_ISDIR(top.object.stat.st_mode))
		enter(walk, &top);
	object_close(&top.below);
	object_close(&top.object);
}
