#include "redact.h"

#include <string.h>

#include "rules.h"

static unsigned padded(unsigned length)
{
	return (length + 7) & ~7u;
}

/* Position after the first `=`, or the whole length. */
static unsigned up_to_equals(const char *text, unsigned length)
{
	const char *equals = memchr(text, '=', length);
	return equals ? (unsigned)(equals - text) + 1 : length;
}

static int is(const char *text, unsigned length, const char *word)
{
	return length == strlen(word) && memcmp(text, word, length) == 0;
}

/* -e, and -e at the end of short flags without a value: -ite. */
static unsigned short_flag(const char *text, unsigned length)
{
	unsigned at = 1;
	if (length < 2 || text[0] != '-')
		return 0;
	while (at < length && strchr("ditqP", text[at]))
		at++;
	return at < length && text[at] == 'e' ? at + 1 : 0;
}

static int announces_variable(const char *text, unsigned length)
{
	return is(text, length, "--env") || is(text, length, "--build-arg") || (length && short_flag(text, length) == length);
}

/* How much of an element of argv may be kept. */
static unsigned keep_of_word(const char *text, unsigned length, int announced)
{
	if (announced)
		return up_to_equals(text, length);
	const char *const joined[] = { "--env=", "--build-arg=" };
	for (unsigned i = 0; i < 2; i++) {
		unsigned prefix = (unsigned)strlen(joined[i]);
		if (length > prefix && memcmp(text, joined[i], prefix) == 0)
			return prefix + up_to_equals(text + prefix, length - prefix);
	}
	unsigned flag = short_flag(text, length);
	if (flag == 0 || flag == length)
		return length;
	if (text[flag] == '=')
		flag++;
	return flag + up_to_equals(text + flag, length - flag);
}

static unsigned body_size(const struct record_head *head)
{
	return head->type == RECORD_ENTER ? sizeof(struct enter_body)
	     : head->type == RECORD_EXIT  ? sizeof(struct exit_body)
	                                  : sizeof(struct exec_body);
}

unsigned redact_record(unsigned char *record, unsigned size)
{
	struct record_head *head = (struct record_head *)record;
	if (head->type != RECORD_ENTER && head->type != RECORD_EXIT && head->type != RECORD_EXEC)
		return size;
	unsigned at = sizeof *head + body_size(head), to = at;
	int announced = 0, is_exec = head->type == RECORD_EXEC;
	while (at + sizeof(struct capture) <= size) {
		struct capture capture = *(struct capture *)(record + at);
		unsigned length = capture.length, keep = length;
		const char *text = (const char *)record + at + sizeof capture;
		int kind = !is_exec ? rules_list_kind(head->number, capture.argument) : capture.argument == 1 ? CAPTURE_STRINGS : 0;
		if (at + sizeof capture + padded(length) > size)
			break;
		if (kind == CAPTURE_ENVIRONMENT)
			keep = up_to_equals(text, length);
		else if (kind == CAPTURE_STRINGS) {
			keep = keep_of_word(text, length, announced);
			announced = announces_variable(text, length);
		}
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
