/* What of a word of an argument list, or of the options of a mount, is a secret. The rules stand in README.md. */
#ifndef TLAB_TRACER_SECRETS_H
#define TLAB_TRACER_SECRETS_H

/* What the words before have announced; all zero at the first word of a list. */
struct secrets {
	int next;    /* enum announced of secrets.c: what the next word is */
	int program; /* enum program of secrets.c: whose short flags these are */
};

/* Says that the next word is a secret. */
void secrets_expect(struct secrets *secrets);
/* How many bytes of this element of an argument list may be kept: everything behind the first secret goes. */
unsigned secrets_keep_of_word(struct secrets *secrets, const char *text, unsigned length);
/* The same for the options of a mount, which have commas between. */
unsigned secrets_keep_of_options(const char *text, unsigned length);
/* Whether what has this name is a secret. */
int secrets_is_secret(const char *name, unsigned length);
/* A variable of the environment: its name and the `=`; nothing of what is no variable. */
unsigned secrets_keep_of_variable(const char *text, unsigned length);

#endif
