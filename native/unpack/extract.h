/* One entry of a layer onto the disk: its object, its owner, mode, xattrs and times. Whiteouts become overlayfs's own, or what they hide is removed. */
#ifndef TLAB_EXTRACT_H
#define TLAB_EXTRACT_H
#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

enum whiteouts {
	whiteouts_refused,
	whiteouts_overlay, /* made as overlayfs has them */
	whiteouts_remove,  /* what they hide is removed: nothing lies below the directory */
	whiteouts_literal, /* files like any other, as in a build context */
};

enum ownership {
	owner_told,  /* as the archive says */
	owner_given, /* uid and gid below */
	owner_mine,  /* of whoever runs this; attributes that need root are left out too */
};

struct extraction {
	enum whiteouts whiteouts;
	enum ownership ownership;
	unsigned uid, gid;
	bool skip_devices;
	bool keep_kind; /* a directory never replaces something else, nor the other way round */
	bool is_first; /* of the entries of its name: a directory that is there loses what this layer does not say of it */
	uint64_t skipped_xattrs; /* the file system has none, or they are overlayfs's own */
};

void extract_entry(struct extraction *extraction, struct archive *tar, struct archive_entry *entry);
/* Sets the times of all directories: after everything else, because making a child changes its parent's. */
void extract_finish(void);

#endif
