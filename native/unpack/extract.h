/* One entry of a layer onto the disk: its object, its owner, mode, xattrs and times. Whiteouts become overlayfs's own. */
#ifndef TLAB_EXTRACT_H
#define TLAB_EXTRACT_H
#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdint.h>

struct extraction {
	bool overlay_whiteouts;
	bool literal_whiteouts;  /* a context's files of that name are files */
	bool skip_devices;
	bool has_owner; /* everything is this one's, whatever the archive says */
	uint32_t uid, gid;
	uint64_t skipped_xattrs; /* the file system has none, or they are overlayfs's own */
};

void extract_entry(struct extraction *extraction, struct archive *tar, struct archive_entry *entry);
/* Sets the times of all directories: after everything else, because making a child changes its parent's. */
void extract_finish(void);

#endif
