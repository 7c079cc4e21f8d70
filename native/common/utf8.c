#include "utf8.h"

#include <stdbool.h>
#include <string.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

/* By the first byte, with the range of the second: no overlong forms, no surrogates, nothing above U+10FFFF. */
static size_t announced(const unsigned char *at, unsigned char *least, unsigned char *most)
{
	*least = at[0] == 0xe0 ? 0xa0 : at[0] == 0xf0 ? 0x90 : 0x80;
	*most = at[0] == 0xed ? 0x9f : at[0] == 0xf4 ? 0x8f : 0xbf;
	if (at[0] < 0x80)
		return 1;
	if (at[0] < 0xc2 || at[0] > 0xf4)
		return 0;
	return at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
}

size_t utf8_character(const char *text, size_t left)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned char least, most;
	size_t length = left == 0 ? 0 : announced(at, &least, &most);
	if (length > left || (length > 1 && (at[1] < least || at[1] > most)))
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_continuation(at[i]))
			return 0;
	return length;
}

size_t utf8_cut(const char *text, size_t most)
{
	size_t cut = strnlen(text, most + 1);
	if (cut <= most)
		return cut;
	cut = most;
	for (int back = 0; back < 3 && cut > 0 && is_continuation((unsigned char)text[cut]); back++)
		cut--;
	return is_continuation((unsigned char)text[cut]) ? most : cut;
}

void utf8_mend(char *text)
{
	for (size_t left = strlen(text); left > 0;) {
		size_t length = utf8_character(text, left);
		if (length == 0) {
			*text = '?';
			length = 1;
		}
		text += length;
		left -= length;
	}
}
