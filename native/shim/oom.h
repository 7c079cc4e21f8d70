/* Reports /tasks/oom where the kernel can say so; where it cannot, there is no such event. */
#ifndef TLAB_OOM_H
#define TLAB_OOM_H
#include <sys/types.h>

void oom_watch(pid_t init);
/* Publishes what has happened since; called before an exit is announced, so that the reason comes first. */
void oom_check(void);
void oom_forget(void);

#endif
