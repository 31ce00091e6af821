/* SPDX-License-Identifier: MIT */
#ifndef HTTP_LINE_H
#define HTTP_LINE_H

#include "http/request.h"

/* line - requests in the order they came. */
struct line {
	struct request *first;
	struct request **end;
};

void line_init(struct line *line);
void line_put(struct line *line, struct request *request);
/* Before all others. */
void line_put_first(struct line *line, struct request *request);
/* It must stand in it. */
void line_drop(struct line *line, struct request *request);

#endif
