/* SPDX-License-Identifier: MIT */
#include "http/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "http/redact.h"

struct trace {
	int dir_fd_plus_1; /* 0: none */
	uint64_t last;	   /* number of a file */
};

struct exchange {
	int fd;
	size_t left; /* room in the file */
	struct redact redact;
	struct buf out;	 /* not written yet */
	struct buf body; /* of the request, redacted, until its head has gone out */
	bool has_reply;
	uint64_t other_bytes; /* of a reply that is no XML */
};

/* --- the directory --- */

/* 0: none of ours. */
static uint64_t number_of(const char *name)
{
	char *end;
	uint64_t number = strtoull(name, &end, 10);

	return end - name >= 6 && *end == '-' ? number : 0;
}

/* Learns the highest number, and takes away what is too old beside it. */
static void sweep(struct trace *trace)
{
	int fd = openat(trace->dir_fd_plus_1 - 1, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;

	if (!dir) {
		fd_release(&fd);
		return;
	}
	while ((entry = readdir(dir))) {
		uint64_t number = number_of(entry->d_name);
		if (number > trace->last)
			trace->last = number;
		if (number > 0 && number + TRACE_FILES_MAX <= trace->last)
			unlinkat(dirfd(dir), entry->d_name, 0);
	}
	closedir(dir);
}

enum err trace_open(const char *dir, struct trace **ret, struct buf *reason)
{
	struct stat attr;
	bool is_made = mkdir(dir, 0700) == 0 || errno == EEXIST;
	AUTO(fd) int fd = is_made ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	if (fd < 0 || fstat(fd, &attr) < 0)
		return buf_refuse(reason, ERR_INVALID, "trace=%s: %s", dir, strerror(errno));
	if (attr.st_uid != geteuid() || (attr.st_mode & 077))
		return buf_refuse(reason, ERR_INVALID,
				  "trace=%s: others may look into it, choose a new directory", dir);
	struct trace *trace = calloc(1, sizeof(*trace));
	if (!trace)
		return ERR_NOMEM;
	trace->dir_fd_plus_1 = fd + 1;
	fd = -1;
	sweep(trace);
	*ret = trace;
	return ERR_OK;
}

void trace_release(struct trace **trace)
{
	if (!*trace)
		return;
	close((*trace)->dir_fd_plus_1 - 1);
	free(*trace);
	*trace = NULL;
}

/* --- one exchange --- */

static void flush(struct exchange *exchange)
{
	static const char cut[] = "\n(cut here)\n";
	size_t n = exchange->out.len < exchange->left ? exchange->out.len : exchange->left;

	if (exchange->fd < 0)
		return;
	bool is_cut = n < exchange->out.len;
	bool is_done = write(exchange->fd, buf_str(&exchange->out), n) == (ssize_t)n &&
		       (!is_cut || write(exchange->fd, cut, strlen(cut)) > 0);
	exchange->left -= n;
	buf_clear(&exchange->out);
	if (is_cut || !is_done)
		fd_release(&exchange->fd);
}

/* What the request asks for: the first element in its body. */
static void load_operation(const char *body, char ret[32])
{
	const char *at = strstr(body, "Body><");
	const char *colon = at ? strchr(at, ':') : NULL;
	size_t n = colon ? strspn(colon + 1, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
			 : 0;

	snprintf(ret, 32, "%.*s", n ? (int)n : 7, n ? colon + 1 : "request");
}

static int open_file(struct trace *trace, const char *body)
{
	char operation[32], name[64];

	trace->last++;
	sweep(trace);
	load_operation(body, operation);
	snprintf(name, sizeof(name), "%06llu-%s.txt", (unsigned long long)trace->last, operation);
	return openat(trace->dir_fd_plus_1 - 1, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		      0600);
}

struct exchange *exchange_begin(struct trace *trace, const char *body, size_t n)
{
	struct exchange *exchange = trace ? calloc(1, sizeof(*exchange)) : NULL;

	if (!exchange)
		return NULL;
	exchange->left = TRACE_FILE_MAX;
	exchange->fd = open_file(trace, body);
	enum err err = buf_append_str(&exchange->out, "# ");
	if (!err)
		err = text_print_time(&exchange->out, clock_wall_ns() / NS_PER_S);
	if (!err)
		err = buf_append_char(&exchange->out, '\n');
	if (!err)
		err = redact_feed(&exchange->redact, body, n, &exchange->body);
	if (!err)
		err = redact_finish(&exchange->redact, &exchange->body);
	if (err)
		fd_release(&exchange->fd);
	flush(exchange);
	return exchange;
}

static void check(struct exchange *exchange, enum err err)
{
	flush(exchange);
	if (err)
		fd_release(&exchange->fd);
}

void exchange_note_sent(struct exchange *exchange, const char *head, size_t n)
{
	enum err err = ERR_OK;

	if (!exchange || exchange->fd < 0)
		return;
	for (size_t at = 0; !err && at < n;) {
		const char *end = memchr(head + at, '\n', n - at);
		size_t line_n = end ? (size_t)(end - head) + 1 - at : n - at;
		err = redact_head(head + at, line_n, &exchange->out);
		at += line_n;
	}
	if (!err && n > 4 && memcmp(head, "POST", 4) == 0 && exchange->body.len > 0) {
		err = buf_append(&exchange->out, exchange->body.bytes, exchange->body.len);
		if (!err)
			err = buf_append_str(&exchange->out, "\n\n");
		buf_release(&exchange->body);
		exchange->body = (struct buf){ 0 };
	}
	check(exchange, err);
}

void exchange_note_head(struct exchange *exchange, const char *line, size_t n)
{
	if (!exchange || exchange->fd < 0)
		return;
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0)
		exchange->redact = (struct redact){ 0 };
	check(exchange, redact_head(line, n, &exchange->out));
}

void exchange_note_body(struct exchange *exchange, bool is_xml, const char *bytes, size_t n)
{
	if (!exchange || exchange->fd < 0)
		return;
	exchange->has_reply = true;
	if (!is_xml)
		exchange->other_bytes += n;
	else
		check(exchange, redact_feed(&exchange->redact, bytes, n, &exchange->out));
}

void exchange_end(struct exchange **ref, enum err outcome, int status)
{
	struct exchange *exchange = *ref;
	enum err err = ERR_OK;

	if (!exchange)
		return;
	*ref = NULL;
	if (exchange->has_reply && !exchange->other_bytes)
		err = redact_finish(&exchange->redact, &exchange->out);
	if (!err && exchange->other_bytes)
		err = buf_printf(&exchange->out, "(%llu bytes that are no XML)",
				 (unsigned long long)exchange->other_bytes);
	if (!err)
		err = buf_printf(&exchange->out, "\n# %s\n# HTTP %d\n",
				 outcome ? err_text(outcome) : "fine", status);
	check(exchange, err);
	fd_release(&exchange->fd);
	buf_release(&exchange->out);
	buf_release(&exchange->body);
	free(exchange);
}
