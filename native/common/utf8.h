/* UTF-8, as far as texts need it that are cut, or that hold names of files, which may be any bytes. @source RFC 3629 */
#ifndef TLAB_UTF8_H
#define TLAB_UTF8_H
#include <stddef.h>

/* Bytes of the character that `text` begins with; 0 where it is none, or only a part of one. */
size_t utf8_character(const char *text, size_t left);
/* The longest beginning of at most `most` bytes that ends between two characters. */
size_t utf8_cut(const char *text, size_t most);
/* Makes every byte that belongs to no character a question mark: what carries text (protobuf, JSON) takes nothing else. */
void utf8_mend(char *text);

#endif
