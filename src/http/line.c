/* SPDX-License-Identifier: MIT */
#include "http/line.h"

void line_init(struct line *line)
{
	line->first = NULL;
	line->end = &line->first;
}

void line_put(struct line *line, struct request *request)
{
	request->next = NULL;
	*line->end = request;
	line->end = &request->next;
}

void line_drop(struct line *line, struct request *request)
{
	struct request **at = &line->first;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	if (line->end == &request->next)
		line->end = at;
}

void line_put_first(struct line *line, struct request *request)
{
	request->next = line->first;
	line->first = request;
	if (!request->next)
		line->end = &request->next;
}
