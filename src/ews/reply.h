/* SPDX-License-Identifier: MIT */
#ifndef EWS_REPLY_H
#define EWS_REPLY_H

#include "ews/code.h"
#include "ews/sax.h"
#include "ews/soap.h"

/*
 * reply - what all replies have in common: the envelope, faults, the response messages and
 * their codes, and whether it is the answer to our question at all.
 *
 * It is believed only if the Body holds the response of the operation asked for, with one
 * response message for each id asked, and nothing follows. An operation adds the rules for
 * what stands in its response messages, and compares the ids. No network here: bytes
 * in, functions called.
 */

/* How one response message ended. */
struct reply_message {
	size_t index;
	enum err err;
	const char *code; /* "" on success */
	const char *text; /* "" when the server gave none */
};

struct operation {
	const char *name;	/* "GetItem" */
	const char *attributes; /* of its element, each with a space before it; NULL: none */
	/* What stands in the operation's element. */
	enum err (*write)(const void *ctx, enum version version, struct buf *to);
	/* Of what stands in a response message, see REPLY_DEPTH. */
	const struct sax_rule *rules;
	/* Before and after each response message, in order. The first index may come again,
	 * when the question is repeated. Both optional: without close() the message's error is
	 * the call's. */
	enum err (*open)(void *ctx, size_t index);
	enum err (*close)(void *ctx, const struct reply_message *message);
};

/* Envelope, Body, GetItemResponse, ResponseMessages, GetItemResponseMessage. */
#define REPLY_DEPTH 5
#define REPLY_TEXT_MAX 4096
#define REPLY_CODE_MAX 128

struct reply;

/* The answer to `operation` for n ids. */
MUST_CHECK enum err reply_new(const struct operation *operation, size_t n, void *ctx,
			      struct reply **ret);
/*
 * The first error is final: that of a fault or of a response message which speaks for all
 * (SCOPE_ALL), ERR_STALE_REPLY, ERR_NOT_EWS, ERR_PROTOCOL, ERR_LIMIT, or what a function of the
 * operation returned.
 */
MUST_CHECK enum err reply_feed(struct reply *reply, const char *bytes, size_t n);
MUST_CHECK enum err reply_finish(struct reply *reply);
/* The whole answer is here and it is the one to our question. */
bool reply_is_settled(const struct reply *reply);

/* Of the failure: the server's code, "" when it did not speak. */
const char *reply_code(const struct reply *reply);
const char *reply_text(const struct reply *reply);
enum scope reply_scope(const struct reply *reply);
bool reply_is_fault(const struct reply *reply);
int64_t reply_back_off_ms(const struct reply *reply); /* -1: not said */
/* Its version, as it says itself; "" when it did not. */
const char *reply_server(const struct reply *reply);
void reply_release(struct reply **reply);

#endif
