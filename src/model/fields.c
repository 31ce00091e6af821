/* SPDX-License-Identifier: MIT */
#include "model/fields.h"

#include <string.h>

static enum err make_room(struct fields *fields)
{
	if (fields->n < fields->size)
		return ERR_OK;
	size_t size = fields->size ? 2 * fields->size : 16;
	struct field *list = reallocarray(fields->list, size, sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	fields->list = list;
	fields->size = size;
	return ERR_OK;
}

enum err fields_put(struct fields *fields, const char *path, const char *text, size_t n)
{
	size_t bytes = strlen(path) + n;

	if (fields->n >= FIELDS_MAX || bytes > FIELDS_BYTES_MAX - fields->bytes)
		return ERR_LIMIT;
	enum err err = make_room(fields);
	if (err)
		return err;
	AUTO(str) char *path_copy = strdup(path);
	AUTO(str) char *text_copy = strndup(text, n);
	if (!path_copy || !text_copy)
		return ERR_NOMEM;
	fields->list[fields->n++] = (struct field){ give(path_copy), give(text_copy) };
	fields->bytes += bytes;
	return ERR_OK;
}

const char *fields_get(const struct fields *fields, const char *path)
{
	for (size_t i = 0; i < fields->n; i++) {
		if (strcmp(fields->list[i].path, path) == 0)
			return fields->list[i].text;
	}
	return NULL;
}

void fields_release(struct fields *fields)
{
	for (size_t i = 0; i < fields->n; i++) {
		free(fields->list[i].path);
		free(fields->list[i].text);
	}
	free(fields->list);
	*fields = (struct fields){ 0 };
}
