/* A bounded JSON writer: no allocation, no float, a full buffer is remembered and the text is then not used. */
#ifndef TLAB_JSON_H
#define TLAB_JSON_H
#include <stdbool.h>
#include <stddef.h>

struct json {
	char *buffer;
	size_t size;
	size_t length;
	bool overflow;
	bool need_comma;
};

void json_begin(struct json *json, char *buffer, size_t size);
void json_object(struct json *json, const char *key); /* key NULL inside an array or at the top */
void json_array(struct json *json, const char *key);
void json_end_object(struct json *json);
void json_end_array(struct json *json);
void json_string(struct json *json, const char *key, const char *value);
void json_string_n(struct json *json, const char *key, const char *value, size_t length);
void json_number(struct json *json, const char *key, long long value);
void json_raw(struct json *json, const char *key, const char *text);

#endif
