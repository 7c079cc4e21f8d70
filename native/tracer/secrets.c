/*
 * Secrets in argument lists. An element is taken apart into words as a shell would, since `sh -c` has a whole script in one element;
 * the first word that is, holds or announces a secret ends what is kept of the element: where the secret itself ends nobody but
 * that shell knows. Rule: rather a harmless value too few in the file than a secret in it.
 */
#include "secrets.h"

#include <string.h>
#include <strings.h>

enum announced { NOTHING, VARIABLE, SECRET, PAIR };
enum program { ANY_PROGRAM, LOGIN, SSHPASS, MYSQL, CURL, REDIS, ENV };

static int is(const char *text, unsigned length, const char *word)
{
	return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static int ends_with(const char *text, unsigned length, const char *end)
{
	unsigned size = (unsigned)strlen(end);
	return length >= size && strncasecmp(text + length - size, end, size) == 0;
}

static int contains(const char *text, unsigned length, const char *part)
{
	unsigned size = (unsigned)strlen(part);
	for (unsigned i = 0; i + size <= length; i++)
		if (strncasecmp(text + i, part, size) == 0)
			return 1;
	return 0;
}

int secrets_is_secret(const char *name, unsigned length)
{
	static const char *const whole[] = { "pass", "pass2", "pwd", "auth", "key", "apikey", "x-registry-auth", "x-registry-config" };
	static const char *const parts[] = { "passw", "passphrase", "secret", "token", "credential", "authorization", "cookie",
					     "api-key", "api_key", "accesskey", "access-key", "access_key", "private-key", "private_key" };
	/* Where a secret is, not what it is. */
	static const char *const places[] = { "file", "path", "dir", "stdin" };
	for (unsigned i = 0; i < sizeof places / sizeof *places; i++)
		if (ends_with(name, length, places[i]))
			return 0;
	for (unsigned i = 0; i < sizeof whole / sizeof *whole; i++)
		if (is(name, length, whole[i]))
			return 1;
	for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
		if (contains(name, length, parts[i]))
			return 1;
	return 0;
}

static int is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Names of the environment are in capitals; the values of these say nothing. */
static int is_variable(const char *name, unsigned length, int any_case)
{
	static const char *const harmless[] = { "PATH", "HOME", "HOSTNAME", "TERM", "container" };
	for (unsigned i = 0; i < sizeof harmless / sizeof *harmless; i++)
		if (length == strlen(harmless[i]) && memcmp(name, harmless[i], length) == 0)
			return 0;
	for (unsigned i = 0; i < length; i++)
		if (name[i] == '-' || name[i] == '.' || (!any_case && name[i] >= 'a' && name[i] <= 'z'))
			return 0;
	return length > 0;
}

unsigned secrets_keep_of_variable(const char *text, unsigned length)
{
	const char *equals = memchr(text, '=', length);
	return equals ? (unsigned)(equals - text) + 1 : 0;
}

enum { NO_SECRET = -1 };

/* From here on functions answer where in a word the secret begins, which may be behind its end; NO_SECRET where there is none. */
static int after_first(const char *text, unsigned length, char separator)
{
	const char *found = memchr(text, separator, length);
	return found ? (int)(found - text) + 1 : NO_SECRET;
}

/* `-e`, and `-e` at the end of short flags without a value: `-ite`. The position after it; 0 for none. */
static unsigned variable_flag(const char *text, unsigned length)
{
	unsigned at = 1;
	if (length < 2 || text[0] != '-')
		return 0;
	while (at < length && text[at] && strchr("ditqP", text[at]))
		at++;
	return at < length && text[at] == 'e' ? at + 1 : 0;
}

/* https://user:password@host */
static int in_address(const char *text, unsigned length)
{
	for (unsigned i = 0; i + 3 <= length; i++) {
		if (memcmp(text + i, "://", 3) != 0)
			continue;
		unsigned from = i + 3, host = from;
		while (host < length && text[host] != '/' && text[host] != '@')
			host++;
		if (host < length && text[host] == '@')
			return (int)from;
	}
	return NO_SECRET;
}

/* NAME=value, --name=value, name: value, "name": "value". `rest`: how much there is of the element, the word included. */
static int in_named(const struct secrets *secrets, const char *text, unsigned length, unsigned rest)
{
	unsigned from = 0, to;
	while (from < length && text[from] == '-')
		from++;
	for (to = from; to < length && is_name(text[to]); to++)
		;
	unsigned sign = to;
	while (sign < rest && (text[sign] == ' ' || text[sign] == '"' || text[sign] == '\'' || text[sign] == '\\'))
		sign++;
	if (sign == rest || (text[sign] != '=' && text[sign] != ':'))
		return NO_SECRET;
	if (secrets_is_secret(text + from, to - from))
		return (int)sign + 1;
	if (sign > to || text[sign] != '=')
		return NO_SECRET;
	if (from == 0)
		return is_variable(text, to, secrets->program == ENV) ? (int)sign + 1 : NO_SECRET;
	/* --env=name=value, --header=name:value */
	unsigned value = sign + 1;
	int is_any = is(text, to, "--env") || is(text, to, "--build-arg");
	int inside = is_any ? after_first(text + value, length - value, '=') : NO_SECRET;
	for (to = value; to < length && is_name(text[to]); to++)
		;
	if (!is_any && to < length && (text[to] == ':' || text[to] == '=') && secrets_is_secret(text + value, to - value))
		inside = (int)(to + 1 - value);
	return inside == NO_SECRET ? NO_SECRET : (int)value + inside;
}

/* A variable in the same word as its flag: -eNAME=value, -e=NAME=value. */
static int in_variable_flag(const char *text, unsigned length)
{
	unsigned at = variable_flag(text, length);
	if (at == 0 || at == length)
		return NO_SECRET;
	if (text[at] == '=')
		at++;
	int value = after_first(text + at, length - at, '=');
	return value == NO_SECRET ? NO_SECRET : (int)at + value;
}

/* Short flags mean something else to each program. */
static const struct short_flag {
	int program;
	char flag;
	int value;
	int may_stand_apart;
} short_flags[] = {
	{ LOGIN, 'p', SECRET, 1 }, { SSHPASS, 'p', SECRET, 1 }, { MYSQL, 'p', SECRET, 0 },
	{ REDIS, 'a', SECRET, 1 }, { CURL, 'u', PAIR, 1 },      { CURL, 'U', PAIR, 1 },
};

static const struct short_flag *short_flag(const struct secrets *secrets, const char *text, unsigned length)
{
	for (unsigned i = 0; i < sizeof short_flags / sizeof *short_flags; i++)
		if (length >= 2 && text[0] == '-' && short_flags[i].program == secrets->program && short_flags[i].flag == text[1])
			return &short_flags[i];
	return NULL;
}

static void note_program(struct secrets *secrets, const char *text, unsigned length)
{
	static const struct { const char *name; int program; } programs[] = {
		{ "login", LOGIN }, { "sshpass", SSHPASS }, { "mysql", MYSQL }, { "mysqldump", MYSQL }, { "mysqladmin", MYSQL },
		{ "mariadb", MYSQL }, { "mariadb-dump", MYSQL }, { "curl", CURL }, { "redis-cli", REDIS }, { "env", ENV }, { "export", ENV },
	};
	for (unsigned i = length; i > 0; i--) {
		if (text[i - 1] != '/')
			continue;
		text += i;
		length -= i;
		break;
	}
	for (unsigned i = 0; i < sizeof programs / sizeof *programs; i++)
		if (is(text, length, programs[i].name))
			secrets->program = programs[i].program;
}

/* What a word without a secret says of the next one. */
static int announces(const struct secrets *secrets, const char *text, unsigned length)
{
	const struct short_flag *flag = short_flag(secrets, text, length);
	if (flag && length == 2)
		return flag->may_stand_apart ? flag->value : NOTHING;
	if (variable_flag(text, length) == length || is(text, length, "--env") || is(text, length, "--build-arg"))
		return VARIABLE;
	if (secrets->program == CURL && (is(text, length, "--user") || is(text, length, "--proxy-user")))
		return PAIR;
	unsigned from = 0;
	while (from < length && text[from] == '-')
		from++;
	int is_flag = from > 0 && !memchr(text, '=', length);
	return is_flag && secrets_is_secret(text + from, length - from) ? SECRET : NOTHING;
}

static int in_word(struct secrets *secrets, const char *text, unsigned length, unsigned rest)
{
	int announced = secrets->next;
	secrets->next = NOTHING;
	if (announced == SECRET)
		return 0;
	if (announced == VARIABLE || announced == PAIR)
		return after_first(text, length, announced == PAIR ? ':' : '=');
	note_program(secrets, text, length);
	int at = in_address(text, length);
	if (at == NO_SECRET)
		at = in_named(secrets, text, length, rest);
	if (at == NO_SECRET)
		at = in_variable_flag(text, length);
	const struct short_flag *flag = short_flag(secrets, text, length);
	if (at == NO_SECRET && flag && length > 2)
		at = flag->value == PAIR ? after_first(text, length, ':') : 2;
	if (at == NO_SECRET)
		secrets->next = announces(secrets, text, length);
	return at;
}

void secrets_expect(struct secrets *secrets)
{
	secrets->next = SECRET;
}

unsigned secrets_keep_of_word(struct secrets *secrets, const char *text, unsigned length)
{
	for (unsigned at = 0, end; at < length; at = end + 1) {
		for (end = at; end < length && !(text[end] == '\0' || strchr(" \t\r\n;|&(){}[]<>`'\",?!$", text[end])); end++)
			;
		if (end == at)
			continue;
		int secret = in_word(secrets, text + at, end - at, length - at);
		if (secret != NO_SECRET)
			return at + (unsigned)secret;
	}
	if (length == 0)
		secrets->next = NOTHING;
	return length;
}

unsigned secrets_keep_of_options(const char *text, unsigned length)
{
	for (unsigned at = 0; at < length;) {
		unsigned end = at;
		while (end < length && text[end] != ',' && text[end] != '=')
			end++;
		if (end < length && text[end] == '=' && secrets_is_secret(text + at, end - at))
			return end + 1;
		while (end < length && text[end] != ',')
			end++;
		at = end + 1;
	}
	return length;
}
