/*
 * tlab-tracer: every system call of the processes that it is told to follow, and of their children, into a file.
 *   read the options → load and attach the programs → make the file → `ready` → ring buffer into the file, until stdin ends
 *   or SIGTERM or SIGINT → programs quiet → the rest → counts into the file and, as one JSON line, on stdout.
 * It decodes nothing (src/tracer does) and pins nothing in the kernel: when it dies, however it dies, the programs are gone.
 * Rule: what was not seen is counted, and said.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "attach.h"
#include "drain.h"
#include "options.h"
#include "output.h"
#include "process.h"

static volatile sig_atomic_t stopped;

static void on_signal(int signal)
{
	(void)signal;
	stopped = 1;
}

static void catch_signals(void)
{
	struct sigaction action = { .sa_handler = on_signal };
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static void write_counts(const struct counts_body *counts)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	struct {
		struct record_head head;
		struct counts_body body;
	} *record = output_room(sizeof *record);
	record->head = (struct record_head){
		.size = sizeof *record,
		.type = RECORD_COUNTS,
		.time_ns = (__u64)now.tv_sec * 1000000000ULL + (__u64)now.tv_nsec,
	};
	record->body = *counts;
	output_add(sizeof *record);
	output_flush();
}

static void print_counts(const struct counts_body *counts)
{
	printf("{\"enters\":%llu,\"exits\":%llu,\"forks\":%llu,\"execs\":%llu,\"ends\":%llu,"
	       "\"dropped\":%llu,\"missed\":%llu,\"received\":%llu}\n",
	       counts->enters, counts->exits, counts->forks, counts->execs, counts->ends, counts->dropped, counts->missed,
	       counts->received);
	fflush(stdout);
}

int main(int count, char **words)
{
	struct options options = options_parse(count, words);
	catch_signals();
	struct tracer tracer = tracer_attach(&options);
	output_open(options.output);
	for (size_t i = 0; i < options.follows; i++)
		process_record(options.follow[i]);
	drain_begin(&tracer);
	puts("ready");
	fflush(stdout);
	drain_until(STDIN_FILENO, &stopped);
	tracer_quiet(&tracer);
	struct counts_body counts = drain_rest(&tracer);
	write_counts(&counts);
	print_counts(&counts);
	/* Detaching waits for every processor; the kernel does it as this process ends, and nobody has to wait for that. */
	_exit(0);
}
