/* Puts events into the shim's queue as the lines of standard input say: `put TOPIC CONTAINER [exec]` or `sent`; prints what goes and what is left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../native/shim/event-queue.h"

static void dropped(const struct event *event)
{
	printf("dropped %s %s\n", event->topic, event->container);
}

int main(void)
{
	struct event_queue queue = { 0 };
	char line[256], topic[24], container[64], rest[16];
	while (fgets(line, sizeof line, stdin)) {
		rest[0] = '\0';
		if (strcmp(line, "sent\n") == 0) {
			queue.is_sent = true;
			continue;
		}
		if (sscanf(line, "put %23s %63s %15s", topic, container, rest) < 2)
			return 1;
		struct event *event = calloc(1, sizeof *event);
		memcpy(event->topic, topic, sizeof topic);
		event->container = strdup(container);
		event->of_exec = strcmp(rest, "exec") == 0;
		event_queue_put(&queue, event, dropped);
	}
	for (const struct event *event = queue.first; event; event = event->next)
		printf("left %s %s%s\n", event->topic, event->container, event->of_exec ? " exec" : "");
	printf("count %u\n", queue.count);
	while (queue.first)
		event_queue_drop_first(&queue);
	return 0;
}
