#include "options.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum kind { FLAG, TEXT, NUMBER, WORDS, IGNORED_TEXT, IGNORED_FLAG };

struct option_row {
	const char *verbs; /* " create run ", "" for the global ones, NULL for those that stand anywhere */
	const char *name; /* without dashes; short ones have one letter */
	enum kind kind;
	size_t offset;
};

#define AT(field) offsetof(struct options, field)
/* @source man runc(8) and runc-<verb>(8) */
static const struct option_row option_rows[] = {
	{ "", "root", TEXT, AT(root) },
	{ "", "log", TEXT, AT(log) },
	{ "", "log-format", IGNORED_TEXT, AT(log_json) },
	{ "", "debug", FLAG, AT(debug) },
	{ "", "systemd-cgroup", FLAG, AT(systemd_cgroup) },
	{ "", "rootless", TEXT, AT(rootless_word) },
	{ "", "version", FLAG, AT(version) },
	{ "", "v", FLAG, AT(version) },
	{ NULL, "help", FLAG, AT(help) },
	{ NULL, "h", FLAG, AT(help) },
	{ " create run ", "bundle", TEXT, AT(bundle) },
	{ " create run ", "b", TEXT, AT(bundle) },
	{ " create run exec ", "pid-file", TEXT, AT(pid_file) },
	{ " create run exec ", "console-socket", TEXT, AT(console_socket) },
	{ " create run exec ", "pidfd-socket", TEXT, AT(pidfd_socket) },
	{ " create run exec ", "preserve-fds", NUMBER, AT(preserve_fds) },
	{ " create run ", "no-pivot", FLAG, AT(no_pivot) },
	{ " create run ", "no-new-keyring", FLAG, AT(no_new_keyring) },
	{ " run ", "keep", FLAG, AT(keep) },
	{ " run exec ", "detach", FLAG, AT(detach) },
	{ " run exec ", "d", FLAG, AT(detach) },
	{ " run ", "no-subreaper", IGNORED_FLAG, 0 },
	{ " exec ", "process", TEXT, AT(process) },
	{ " exec ", "p", TEXT, AT(process) },
	/* Of these the TypeScript part makes the process document. */
	{ " exec ", "cwd", IGNORED_TEXT, 0 },
	{ " exec ", "env", IGNORED_TEXT, 0 },
	{ " exec ", "e", IGNORED_TEXT, 0 },
	{ " exec ", "tty", IGNORED_FLAG, 0 },
	{ " exec ", "t", IGNORED_FLAG, 0 },
	{ " exec ", "user", IGNORED_TEXT, 0 },
	{ " exec ", "u", IGNORED_TEXT, 0 },
	{ " exec ", "additional-gids", IGNORED_TEXT, 0 },
	{ " exec ", "g", IGNORED_TEXT, 0 },
	{ " exec ", "cap", IGNORED_TEXT, 0 },
	{ " exec ", "c", IGNORED_TEXT, 0 },
	{ " exec ", "no-new-privs", IGNORED_FLAG, 0 },
	{ " exec ", "apparmor", IGNORED_TEXT, 0 },
	{ " exec ", "process-label", IGNORED_TEXT, 0 },
	{ " exec ", "cgroup", WORDS, AT(cgroups) },
	{ " exec ", "ignore-paused", FLAG, AT(ignore_paused) },
	{ " kill ", "all", FLAG, AT(all) },
	{ " kill ", "a", FLAG, AT(all) },
	{ " delete ", "force", FLAG, AT(force) },
	{ " delete ", "f", FLAG, AT(force) },
};

bool is_native_verb(const char *verb)
{
	static const char *const native[] = { "create", "start", "run", "state", "kill", "delete", "exec", "pause", "resume" };
	for (size_t i = 0; i < sizeof native / sizeof *native; i++)
		if (strcmp(verb, native[i]) == 0)
			return true;
	return false;
}

static bool belongs_to(const struct option_row *row, const char *verb)
{
	char padded[32] = " ";
	if (!row->verbs)
		return true;
	if (row->verbs[0] == '\0' || !verb || strlen(verb) > sizeof padded - 3)
		return row->verbs[0] == '\0' && !verb;
	strcat(padded, verb);
	strcat(padded, " ");
	return strstr(row->verbs, padded) != NULL;
}

static const struct option_row *find_row(const char *name, size_t length, const char *verb)
{
	for (size_t i = 0; i < sizeof option_rows / sizeof *option_rows; i++)
		if (strlen(option_rows[i].name) == length && strncmp(option_rows[i].name, name, length) == 0 &&
		    belongs_to(&option_rows[i], verb))
			return &option_rows[i];
	return NULL;
}

static int set_number(unsigned *field, const char *text, const char *name, struct failure *failure)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);
	if (end == text || *end != '\0' || value > 1024)
		return fail_plain(failure, "--%s \"%s\": expected a number up to 1024", name, text);
	*field = (unsigned)value;
	return 0;
}

static int add_word(struct words *words, const char *text, const char *name, struct failure *failure)
{
	if (words->count == MAX_WORDS)
		return fail_plain(failure, "--%s \"%s\": expected at most %d of them", name, text, MAX_WORDS);
	words->items[words->count++] = text;
	return 0;
}

/* @source Go strconv.ParseBool */
static int set_flag(bool *field, const char *text, const char *name, struct failure *failure)
{
	static const char *const words[] = { "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False" };
	size_t count = sizeof words / sizeof *words, place = 0;
	while (text && place < count && strcmp(words[place], text) != 0)
		place++;
	if (place == count)
		return fail_plain(failure, "--%s \"%s\": expected true or false", name, text);
	*field = place < count / 2;
	return 0;
}

static int set(struct options *options, const struct option_row *row, const char *value, struct failure *failure)
{
	char *field = (char *)options + row->offset;
	switch (row->kind) {
	case FLAG:
		return set_flag((bool *)(void *)field, value, row->name, failure);
	case TEXT:
		*(const char **)(void *)field = value;
		return 0;
	case WORDS:
		return add_word((struct words *)(void *)field, value, row->name, failure);
	case NUMBER:
		return set_number((unsigned *)(void *)field, value, row->name, failure);
	default:
		if (!value || strcmp(row->name, "log-format") != 0)
			return 0;
		if (strcmp(value, "json") != 0 && strcmp(value, "text") != 0)
			return fail_plain(failure, "--log-format \"%s\": expected json or text", value);
		options->log_json = strcmp(value, "json") == 0;
		return 0;
	}
}

/* One option at argv[*at]; both `--name value` and `--name=value`, one dash or two. */
static int parse_option(struct options *options, char **argv, int argc, int *at, struct failure *failure)
{
	const char *text = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
	const char *equals = strchr(text, '=');
	size_t length = equals ? (size_t)(equals - text) : strlen(text);
	const struct option_row *row = find_row(text, length, options->verb);
	if (!row)
		return fail_plain(failure, "%s: not an option of %s", argv[*at], options->verb ? options->verb : "tlab-runc");
	const char *value = equals ? equals + 1 : NULL;
	if (!value && row->kind != FLAG && row->kind != IGNORED_FLAG) {
		if (*at + 1 >= argc)
			return fail_plain(failure, "%s: expected a value", argv[*at]);
		value = argv[++*at];
	}
	return set(options, row, value, failure);
}

static bool is_valid_id(const char *id)
{
	size_t length = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.");
	return length > 0 && length <= 255 && id[length] == '\0' && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

/* The initial user namespace maps every id to itself. @source man user_namespaces(7) */
static bool in_user_namespace(void)
{
	unsigned long inside = 1, outside = 1, count = 0;
	FILE *map = fopen("/proc/self/uid_map", "re");
	int got = map ? fscanf(map, "%lu %lu %lu", &inside, &outside, &count) : 0;
	if (map)
		fclose(map);
	return got == 3 && !(inside == 0 && outside == 0 && count == 4294967295ul);
}

/* @source man runc(8) --rootless, --root */
static int set_rootless(struct options *options, struct failure *failure)
{
	const char *word = options->rootless_word ? options->rootless_word : "auto";
	if (strcmp(word, "auto") != 0 && strcmp(word, "true") != 0 && strcmp(word, "false") != 0)
		return fail_plain(failure, "--rootless \"%s\": expected auto, true or false", word);
	options->rootless = strcmp(word, "auto") == 0 ? geteuid() != 0 || in_user_namespace() : word[0] == 't';
	return 0;
}

/* An ordinary user's containers are in their own directory; src/runc/main.ts decides the same. */
static const char *default_root(void)
{
	static char path[PATH_MAX];
	const char *own = geteuid() != 0 ? getenv("XDG_RUNTIME_DIR") : NULL;
	if (!own || own[0] != '/' || strlen(own) > sizeof path - 32)
		return "/run/tlab/runtime";
	snprintf(path, sizeof path, "%s/tlab/runtime", own);
	return path;
}

static bool is_verb(const struct options *options, const char *verb)
{
	return options->verb && strcmp(options->verb, verb) == 0;
}

/* 1: nothing that follows is for this program. */
static int take_word(struct options *options, int at, const char *word, struct failure *failure)
{
	if (!options->verb) {
		options->verb = word;
		options->verb_at = at;
		return !is_native_verb(word);
	}
	if (!options->id)
		options->id = word;
	else if (is_verb(options, "kill") && !options->signal)
		options->signal = word;
	else
		return fail_plain(failure, "%s \"%s\": expected nothing behind the container id", options->verb, word);
	return is_verb(options, "exec"); /* the rest is a command */
}

static int parse_words(struct options *options, int argc, char **argv, struct failure *failure)
{
	bool only_words = false; /* behind -- */
	for (int at = 1; at < argc && !options->help; at++) {
		bool is_option = !only_words && argv[at][0] == '-' && argv[at][1] != '\0';
		if (is_option && strcmp(argv[at], "--") == 0 && options->verb) {
			only_words = true;
			continue;
		}
		int result = is_option ? parse_option(options, argv, argc, &at, failure) : take_word(options, at, argv[at], failure);
		if (result != 0) {
			options->has_command = result > 0 && at + 1 < argc;
			return result;
		}
	}
	return 0;
}

/* From where the caller stands: create and run go to the bundle before they use it. @source runc reviseRootDir, revisePidFile */
static int make_absolute(const char **path, char *buffer, const char *name, struct failure *failure)
{
	if (!*path || (*path)[0] == '/' || (*path)[0] == '\0')
		return 0;
	if (!getcwd(buffer, PATH_MAX))
		return fail_call(failure, "getcwd(2)", "--%s \"%s\"", name, *path);
	size_t length = strlen(buffer);
	int n = snprintf(buffer + length, PATH_MAX - length, "/%s", *path);
	if (n < 0 || (size_t)n >= PATH_MAX - length)
		return fail_plain(failure, "--%s \"%s\": its path is too long", name, *path);
	*path = buffer;
	return 0;
}

static int make_paths_absolute(struct options *options, struct failure *failure)
{
	static char root[PATH_MAX], log[PATH_MAX], pid_file[PATH_MAX];
	if (make_absolute(&options->log, log, "log", failure) < 0)
		return -1;
	return make_absolute(&options->root, root, "root", failure) < 0 ? -1
	                                                                 : make_absolute(&options->pid_file, pid_file, "pid-file", failure);
}

int options_parse(struct options *options, int argc, char **argv, struct failure *failure)
{
	*options = (struct options){ .root = default_root(), .bundle = "." };
	if (parse_words(options, argc, argv, failure) < 0 || set_rootless(options, failure) < 0)
		return -1;
	if (!options->verb || options->help || !is_native_verb(options->verb))
		return 0;
	if (make_paths_absolute(options, failure) < 0)
		return -1;
	if (!options->id)
		return fail_plain(failure, "%s: expected a container id", options->verb);
	if (!is_valid_id(options->id))
		return fail_plain(failure, "container id \"%s\": expected letters, digits and _+-.", options->id);
	return 0;
}
