/* SPDX-License-Identifier: MIT */
#ifndef MAILBOX_STATUS_H
#define MAILBOX_STATUS_H

#include "mailbox/internal.h"

/*
 * status - what `.ctl` says of a directory, gathered once and printed in three ways.
 *
 * A fact without a value is left out. Names and their order are those of INTERFACE.md.
 */
enum fact_type { FACT_TEXT, FACT_NUMBER, FACT_TIME };

struct fact {
	const char *name;
	enum fact_type type;
	const char *text; /* NULL or "": no value */
	int64_t number;	  /* TIME_NONE: no value */
};

#define FACTS_MAX 32

struct facts {
	char *path;	  /* of the directory, within the mount */
	char *last_error; /* in one line */
	char *results[3]; /* enum sync_result; NULL: none */
	struct fact list[FACTS_MAX];
	size_t n;
	struct store_tally tally;
	struct sync_status sync;
	enum sync_state state; /* of the directory */
	enum sync_state work;  /* what commands do in it; IDLE: nothing of that kind */
	int64_t last_sync;     /* of it, too; TIME_NONE: never */
	/* For the metrics alone. */
	struct request_metrics requests;
	int64_t cache_bytes;   /* on disk */
	int64_t content_bytes; /* with content=ondemand; TIME_NONE: all is here */
};

MUST_CHECK enum err facts_print_text(const struct facts *facts, struct buf *ret);
MUST_CHECK enum err facts_print_json(const struct facts *facts, struct buf *ret);
/* Prometheus text; of the whole mailbox. */
MUST_CHECK enum err facts_print_metrics(const struct facts *facts, struct buf *ret);

#endif
