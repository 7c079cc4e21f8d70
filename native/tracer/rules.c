#include "rules.h"

#include "captures.h"
#include "failure.h"

enum { RULES = sizeof capture_rules / sizeof capture_rules[0] };
_Static_assert((int)RULES <= (int)RULES_MOST, "settings.h: RULES_MOST");

static unsigned char list_kinds[CALLS_MOST][8];

void rules_fill(struct tracer_settings *settings)
{
	unsigned filled = 0;
	for (unsigned number = 0; number < CALLS_MOST - 1; number++) {
		unsigned first = filled, at_exit = 0;
		for (unsigned i = 0; i < RULES; i++) {
			struct capture_rule rule = capture_rules[i];
			if (rule.number != number)
				continue;
			if (rule.select >= NO_REGISTER) {
				rule.select = NO_REGISTER;
				rule.select_value = 0;
			}
			settings->rules[filled++] = rule;
			at_exit |= rule.at_exit || rule.kind == CAPTURE_IOCTL;
			if (rule.kind == CAPTURE_STRINGS || rule.kind == CAPTURE_ENVIRONMENT)
				list_kinds[number][rule.argument & 7] = rule.kind;
		}
		if (filled - first > RULES_A_CALL_MOST)
			fail(STATUS_FAILED, "captures.h: %u rules for call %u, at most %d", filled - first, number, RULES_A_CALL_MOST);
		settings->ranges[number] = (struct rule_range){
			.first = (__u16)first,
			.count = (__u8)(filled - first),
			.at_exit = (__u8)at_exit,
		};
	}
}

int rules_list_kind(unsigned number, unsigned argument)
{
	return number < CALLS_MOST && argument < 8 ? list_kinds[number][argument] : 0;
}
