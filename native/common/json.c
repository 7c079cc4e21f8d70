#include "json.h"

#include <stdio.h>
#include <string.h>

#include "utf8.h"

static void put(struct json *json, const char *text, size_t length)
{
	if (json->overflow || length >= json->size - json->length) {
		json->overflow = true;
		return;
	}
	memcpy(json->buffer + json->length, text, length);
	json->length += length;
	json->buffer[json->length] = '\0';
}

static void put_quoted(struct json *json, const char *text, size_t length)
{
	put(json, "\"", 1);
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		char escape[8];
		if (c == '"' || c == '\\') {
			int n = snprintf(escape, sizeof escape, "\\%c", c);
			put(json, escape, (size_t)n);
		} else if (c < 0x20 || c == 0x7f) {
			int n = snprintf(escape, sizeof escape, "\\u%04x", c);
			put(json, escape, (size_t)n);
		} else {
			size_t bytes = utf8_character(&text[i], length - i);
			if (bytes == 0)
				put(json, "\\ufffd", 6); /* names of files may be any bytes */
			else
				put(json, &text[i], bytes);
			i += bytes > 1 ? bytes - 1 : 0;
		}
	}
	put(json, "\"", 1);
}

static void put_key(struct json *json, const char *key)
{
	if (json->need_comma)
		put(json, ",", 1);
	if (key) {
		put_quoted(json, key, strlen(key));
		put(json, ":", 1);
	}
	json->need_comma = true;
}

void json_begin(struct json *json, char *buffer, size_t size)
{
	*json = (struct json){ .buffer = buffer, .size = size };
	buffer[0] = '\0';
}

void json_object(struct json *json, const char *key)
{
	put_key(json, key);
	put(json, "{", 1);
	json->need_comma = false;
}

void json_array(struct json *json, const char *key)
{
	put_key(json, key);
	put(json, "[", 1);
	json->need_comma = false;
}

void json_end_object(struct json *json)
{
	put(json, "}", 1);
	json->need_comma = true;
}

void json_end_array(struct json *json)
{
	put(json, "]", 1);
	json->need_comma = true;
}

void json_string_n(struct json *json, const char *key, const char *value, size_t length)
{
	put_key(json, key);
	put_quoted(json, value, length);
}

void json_string(struct json *json, const char *key, const char *value)
{
	json_string_n(json, key, value, strlen(value));
}

void json_number(struct json *json, const char *key, long long value)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%lld", value);
	put_key(json, key);
	put(json, text, (size_t)n);
}

void json_raw(struct json *json, const char *key, const char *text)
{
	put_key(json, key);
	put(json, text, strlen(text));
}
