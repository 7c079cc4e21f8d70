#include "rules.h"

#include "captures.h"

enum { RULES = sizeof capture_rules / sizeof capture_rules[0] };
_Static_assert((int)RULES <= (int)RULES_MOST, "settings.h: RULES_MOST");

static unsigned char kinds[CALLS_MOST][8];

void rules_fill(struct tracer_settings *settings)
{
	unsigned filled = 0;
	for (unsigned number = 0; number < CALLS_MOST; number++) {
		settings->ranges[number].first = (__u16)filled;
		for (unsigned i = 0; i < RULES; i++) {
			const struct capture_rule *rule = &capture_rules[i];
			if (rule->number != number)
				continue;
			settings->rules[filled++] = *rule;
			if (rule->kind == CAPTURE_STRINGS || rule->kind == CAPTURE_ENVIRONMENT)
				kinds[number][rule->argument & 7] = rule->kind;
		}
		settings->ranges[number].count = (__u16)(filled - settings->ranges[number].first);
	}
}

int rules_list_kind(unsigned number, unsigned argument)
{
	return number < CALLS_MOST && argument < 8 ? kinds[number][argument] : 0;
}
