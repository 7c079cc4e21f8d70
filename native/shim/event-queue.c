/*
 * containerd may be away for long, or be there and not answer: what waits for it must stay small and still say how everything has come to be.
 * - What a later event says anew is not kept: of pauses and resumes of one container the last, of its out-of-memory events the first.
 * - When it is full, the oldest event of an exec goes, then the oldest of a pause or of want of memory; only then the oldest of all, which
 *   takes more than two hundred containers made, run and deleted while nobody asks. Wait and State tell what a caller must not miss.
 */
#include "event-queue.h"

#include <stdlib.h>
#include <string.h>

void event_free(struct event *event)
{
	writer_free(&event->request);
	free(event->container);
	free(event);
}

static void take_out(struct event_queue *queue, struct event **link)
{
	struct event *event = *link;
	*link = event->next;
	queue->count--;
	event_free(event);
}

/* The first that may go. */
static struct event **waiting(struct event_queue *queue)
{
	return queue->is_sent && queue->first ? &queue->first->next : &queue->first;
}

static bool is_pause(const struct event *event)
{
	return strcmp(event->topic, "/tasks/paused") == 0 || strcmp(event->topic, "/tasks/resumed") == 0;
}

static bool is_oom(const struct event *event)
{
	return strcmp(event->topic, "/tasks/oom") == 0;
}

static bool is_of_exec(const struct event *event)
{
	return event->of_exec;
}

static bool is_passing(const struct event *event)
{
	return is_pause(event) || is_oom(event);
}

static bool is_any(const struct event *event)
{
	(void)event;
	return true;
}

static struct event **find(struct event_queue *queue, const struct event *like, bool (*is_kind)(const struct event *event))
{
	for (struct event **link = waiting(queue); *link; link = &(*link)->next)
		if (is_kind(*link) && (!like || strcmp((*link)->container, like->container) == 0))
			return link;
	return NULL;
}

static void make_room(struct event_queue *queue, void (*dropped)(const struct event *event))
{
	static bool (*const kinds[])(const struct event *event) = { is_of_exec, is_passing, is_any };
	struct event **link = NULL;
	for (size_t i = 0; !link && i < sizeof kinds / sizeof *kinds; i++)
		link = find(queue, NULL, kinds[i]);
	if (!link)
		return;
	dropped(*link);
	take_out(queue, link);
}

void event_queue_put(struct event_queue *queue, struct event *event, void (*dropped)(const struct event *event))
{
	struct event **same = is_pause(event) ? find(queue, event, is_pause) : NULL;
	if (same)
		take_out(queue, same);
	if (is_oom(event) && find(queue, event, is_oom)) {
		event_free(event);
		return;
	}
	if (queue->count >= EVENTS_MAX)
		make_room(queue, dropped);
	struct event **link = &queue->first;
	while (*link)
		link = &(*link)->next;
	*link = event;
	queue->count++;
}

void event_queue_drop_first(struct event_queue *queue)
{
	queue->is_sent = false;
	take_out(queue, &queue->first);
}
