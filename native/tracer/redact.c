#include "redact.h"

#include <string.h>
#include <sys/syscall.h>

#include "rules.h"
#include "secrets.h"

static unsigned padded(unsigned length)
{
	return (length + 7) & ~7u;
}

static unsigned body_size(const struct record_head *head)
{
	return head->type == RECORD_ENTER ? sizeof(struct enter_body)
	     : head->type == RECORD_EXIT  ? sizeof(struct exit_body)
	                                  : sizeof(struct exec_body);
}

struct reading {
	const struct record_head *head;
	struct secrets secrets;
	int is_open_option; /* the value of fsconfig's option, whose name came before it, is no secret */
};

static unsigned keep_of(struct reading *reading, const struct capture *capture, const char *text)
{
	const struct record_head *head = reading->head;
	unsigned length = capture->length;
	int kind = rules_list_kind(head->number, capture->argument);
	if (head->type == RECORD_EXEC)
		kind = capture->argument == 1 ? CAPTURE_STRINGS : 0;
	if (kind == CAPTURE_ENVIRONMENT)
		return secrets_keep_of_variable(text, length);
	if (kind == CAPTURE_STRINGS) {
		unsigned keep = secrets_keep_of_word(&reading->secrets, text, length);
		if (capture->whole < 0)
			secrets_expect(&reading->secrets); /* what could not be read may have announced it */
		return keep;
	}
	if (head->type == RECORD_EXEC)
		return length;
	if (head->number == SYS_mount && capture->argument == 4)
		return secrets_keep_of_options(text, length);
	if (head->number == SYS_fsconfig && capture->argument == 2)
		reading->is_open_option = capture->whole > 0 && !secrets_is_secret(text, (unsigned)strnlen(text, length));
	if (head->number == SYS_fsconfig && capture->argument == 3)
		return reading->is_open_option ? length : 0;
	return length;
}

unsigned redact_record(unsigned char *record, unsigned size)
{
	struct record_head *head = (struct record_head *)record;
	if (head->type != RECORD_ENTER && head->type != RECORD_EXIT && head->type != RECORD_EXEC)
		return size;
	struct reading reading = { .head = head };
	unsigned at = sizeof *head + body_size(head), to = at;
	while (at + sizeof(struct capture) <= size) {
		struct capture capture = *(struct capture *)(record + at);
		unsigned length = capture.length;
		const char *text = (const char *)record + at + sizeof capture;
		if (at + sizeof capture + padded(length) > size)
			break;
		unsigned keep = keep_of(&reading, &capture, text);
		if (keep < length)
			capture.whole = (__s32)keep + 1; /* that it goes on, not for how long */
		capture.length = (__u16)keep;
		memmove(record + to + sizeof capture, text, keep);
		memset(record + to + sizeof capture + keep, 0, padded(keep) - keep);
		*(struct capture *)(record + to) = capture;
		to += sizeof capture + padded(keep);
		at += sizeof capture + padded(length);
	}
	head->size = to;
	return to;
}
