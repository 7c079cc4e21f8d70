/* Kernel spellings of errno values and signals, for messages and traces, and back for what a person names. */
#ifndef TLAB_NAMES_H
#define TLAB_NAMES_H

const char *errno_name(int number); /* "EPERM"; "errno" for one that is not in the table */
/* "EPERM" or "1" → 1; -1 for anything else. */
int errno_number(const char *text);
/* "SIGTERM"; NULL for a real-time signal, which has no name of its own. */
const char *signal_name(int number);
/* A number from 0 to 64, or a name in any case, with SIG or without, RTMIN+3 and RTMAX-1 too; -1 for anything else. */
int signal_number(const char *text);

#endif
