/* Requests on the standard input: fields that end in a NUL, since names may hold everything else. */
#ifndef TLAB_COPY_REQUEST_H
#define TLAB_COPY_REQUEST_H
#include <stdbool.h>

/* The next field, valid until the one after the next; NULL at the end. */
const char *request_field(void);
/* The same for a field that a request must have. */
const char *request_needed(const char *what);

#endif
