/*
 * From a document (config.json, or an exec's process document) to its plan: <bundle>/plans/<sha256 of its bytes>.plan, for a
 * runtime without all privileges <sha256>.<uid>.plan, since such a plan is another one.
 * A missing plan, or one compiled for another container, is compiled first by the TypeScript part; a plan whose own hash is
 * not the document's is never run.
 */
#ifndef TLAB_DOCUMENT_H
#define TLAB_DOCUMENT_H
#include "options.h"
#include "plan.h"

/*
 * The process document that exec's flags and command ask for, made by the TypeScript part: a descriptor, and in `path` the name of it.
 * -1 with a failure, whose text is empty when the reason has been said.
 */
int document_make(char path[32], char **argv, int verb_at, struct failure *failure);
/* `bundle` is absolute; `document` NULL for the bundle's config.json. */
int document_plan(struct plan *plan, const char *bundle, const char *document, const struct options *options,
                  struct failure *failure);

#endif
