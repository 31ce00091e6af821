/* SPDX-License-Identifier: MIT */
#ifndef SERVER_FAULT_H
#define SERVER_FAULT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/lock.h"

/*
 * fault - what goes wrong on purpose, as tests have asked for (control.h has the kinds).
 *
 * A fault waits for requests of its operation, user and folder, lets `skip` of them
 * pass, then strikes `left` times; `forever` ones strike until they are cleared. One
 * request is struck by the oldest of those that are counted, and by all that are not.
 *
 * It strikes in four places: before the operation runs (fault_before), on the text of
 * its reply (fault_after), on the way the reply takes (outgoing.h), and after it
 * (http.c). A fault is never freed before the server ends, so that whoever was struck
 * may keep it.
 *
 * Threads: all calls from any. The lock is a leaf.
 */
enum fault_kind {
	FAULT_STATUS,
	FAULT_BUSY,
	FAULT_ERROR,
	FAULT_DELAY,
	FAULT_HANG,
	FAULT_BETWEEN_PAGES,
	FAULT_STOPPED,
	FAULT_UNCONVERTIBLE,
	FAULT_WRONG_ID,
	FAULT_DUPLICATE,
	FAULT_REORDER,
	FAULT_PHANTOM,
	FAULT_NOT_LAST,
	FAULT_ILLEGAL,
	FAULT_MALFORMED,
	FAULT_TRUNCATED,
	FAULT_RESET,
	FAULT_DRIP,
	FAULT_SECOND,
	FAULT_KIND_COUNT
};

enum fault_form { FORM_FAULT, FORM_MESSAGE, FORM_INNER };

struct fault {
	struct fault *next;
	uint64_t number;
	uint64_t skip, left, fired; /* guarded by the lock of faults; all else never changes */
	bool forever;

	enum fault_kind kind;
	char operation[48];	 /* "*" for any */
	const struct user *user; /* NULL for any */
	uint64_t fid;		 /* 0 for any folder */

	enum fault_form form;
	char code[64];	 /* a ResponseCode */
	char place[256]; /* Location of a redirection */
	int64_t status, ms, bytes, rate, seed;
	int64_t back_off, retry_after; /* -1: not said */
	int64_t at, first;	       /* which response message; how many of them */
	bool done;		       /* the operation runs all the same */
	bool raw, rotate;
	json_t *items;	/* ids that it is about, or NULL */
	json_t *script; /* [[OP, {...}], ...] */
};

struct faults {
	struct lock lock;
	struct cond cond;
	struct fault *all; /* oldest first */
	uint64_t made;
	struct fault *forgotten; /* kept for those whom they have struck */
	uint64_t cleared;	 /* how often: ends what waits */
	bool stopping;
};

void faults_init(struct faults *faults);
void faults_release(struct faults *faults);
/* Ends all waiting, for good. */
void faults_stop(struct faults *faults);

/* Takes over *fault and what it owns; returns its number. */
uint64_t faults_add(struct faults *faults, const struct fault *fault);
/* Of one operation, or of all where it is NULL. Ends what hangs. */
void faults_clear(struct faults *faults, const char *operation);
/* [{"id", "kind", "op", "user", "fired", "left", "skip"}]; and forgets them all. */
json_t *faults_report(struct faults *faults);
void faults_forget(struct faults *faults);

const char *fault_kind_name(enum fault_kind kind);
/* FAULT_KIND_COUNT for none. */
enum fault_kind fault_kind_from(const char *name);

/* Sleeps; false when the faults were cleared meanwhile or all ends. -1 is forever. */
bool faults_wait(struct faults *faults, int64_t ms);

/* What has struck one request. */
#define FAULTS_AT_ONCE 8
struct strikes {
	const struct fault *all[FAULTS_AT_ONCE];
	size_t n;
};
const struct fault *strikes_find(const struct strikes *strikes, enum fault_kind kind);

struct call;
/* call->op is known: fills call->strikes. */
void faults_strike(struct faults *faults, struct call *call);
/* Waits, or writes the reply itself, or leaves one to http.c: then false. */
bool fault_before(struct call *call);
/* Changes the reply in call->out, which has begun at `start`; runs what comes between pages. */
void fault_after(struct call *call, size_t start);
/* More of a SOAP Fault, for MessageXml: how long to wait. */
struct xml;
void fault_write_values(const struct fault *fault, struct xml *out);

#endif
