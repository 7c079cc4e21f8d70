/*
 * What to read behind one argument of one system call. captures.h, generated from the rows of src/tracer, is an array of these;
 * `kind` is the position in CAPTURE_KINDS of src/tracer/captures.ts, which writes both.
 */
#ifndef TLAB_CAPTURE_RULE_H
#define TLAB_CAPTURE_RULE_H

enum capture_kind {
	CAPTURE_STRING = 1,
	CAPTURE_STRUCT,       /* item_size bytes */
	CAPTURE_COUNTED,      /* arguments[count] × item_size bytes */
	CAPTURE_RETURNED,     /* as many bytes as the result says */
	CAPTURE_VALUE_RESULT, /* as many bytes as the 32-bit integer at arguments[count] says */
	CAPTURE_STRINGS,      /* a part each */
	CAPTURE_ENVIRONMENT,  /* the same; only names reach the file */
	CAPTURE_MESSAGE,      /* struct msghdr: part 0 the address, from part 1 the data of a netlink socket, part 9 the control messages */
	CAPTURE_VECTOR,       /* struct iovec × arguments[count]: the first bytes */
	CAPTURE_DATA,         /* arguments[count] bytes (at exit: the result) */
	CAPTURE_IOCTL,        /* size and direction as arguments[1] says */
};

struct capture_rule {
	unsigned short number;
	unsigned char argument;
	unsigned char kind;
	unsigned char at_exit;
	unsigned char count;   /* position of an argument, 255: none */
	unsigned short item_size;
	unsigned short most;   /* bytes kept of one capture (of each string) */
	unsigned char select;  /* position of the register that must equal select_value, 255: always */
	unsigned long long select_value;
};

#endif
