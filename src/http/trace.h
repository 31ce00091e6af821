/* SPDX-License-Identifier: MIT */
#ifndef HTTP_TRACE_H
#define HTTP_TRACE_H

#include "base/buf.h"

/*
 * trace - exchanges as files that can be handed to a stranger (trace=DIR): each request and its
 * reply, redacted (redact.h), in NNNNNN-OPERATION.txt. The last TRACE_FILES_MAX of them are kept,
 * each is cut at TRACE_FILE_MAX. Whatever goes wrong with them is no matter to the mount.
 *
 * Threads: that of the struct http.
 */
enum { TRACE_FILES_MAX = 500, TRACE_FILE_MAX = 256 * 1024 };

struct trace;	 /* the directory */
struct exchange; /* one file of it; all functions take NULL for none */

/* Makes the directory, with mode 0700; one that others may look into is refused. */
MUST_CHECK enum err trace_open(const char *dir, struct trace **ret, struct buf *reason);
void trace_release(struct trace **trace);

/* `body` is the request's. NULL for a NULL trace, and when it cannot be done. */
struct exchange *exchange_begin(struct trace *trace, const char *body, size_t n);
/* Heads as they go out, whole, and as they come in, line by line. */
void exchange_note_sent(struct exchange *exchange, const char *head, size_t n);
void exchange_note_head(struct exchange *exchange, const char *line, size_t n);
/* XML; of anything else only that it came. */
void exchange_note_body(struct exchange *exchange, bool is_xml, const char *bytes, size_t n);
/* status: 0, no answer. No reason: it names users, hosts and proxies. */
void exchange_end(struct exchange **exchange, enum err outcome, int status);

#endif
