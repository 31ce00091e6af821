/* SPDX-License-Identifier: MIT */
#ifndef SERVER_SOAP_H
#define SERVER_SOAP_H

#include <libxml/tree.h>

#include "server.h"
#include "xml.h"

/*
 * soap - from the bytes of a request to the bytes of its reply.
 *
 * A request is parsed into a tree (it is small), held against the schema if there
 * is one, and given to the operation that its Body names (table in soap.c). The
 * operation writes its reply into call->out; when it finds that the request as a
 * whole is refused it calls soap_fault() and returns, and what it wrote is dropped.
 *
 * Operations run with the lock of that mailbox held.
 */
struct call {
	struct server *server;
	struct user *user;
	struct mailbox *box; /* that the request is about: whose.h */
	xmlNode *op;	     /* the request's element in Body */
	bool at_home;	     /* it found the machine that has its subscriptions */
	struct xml *out;
	const char *fault; /* static ResponseCode; NULL while all is well */
	char fault_text[640];
	int fault_line;
	struct strikes strikes;
	const struct fault *cause; /* of the fault, where it was made on purpose */
	struct stream *stream;	   /* owned; goes on where the reply ends, or NULL */
};

/* What became of a request. */
struct outcome {
	int status; /* 200, or 500 with a Fault; 0: there is no reply, see strikes */
	bool is_fault;
	char operation[48];
	struct strikes strikes;
	struct stream *stream; /* owned: the reply's continuation, or NULL */
};

/* Answers body and appends the reply. at_home: see struct call. */
void soap_answer(struct server *server, struct user *user, bool at_home, const char *body, size_t n,
		 struct xml *ret, struct outcome *ret_outcome);

void soap_fault(struct call *call, const char *code, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* As a server that validates would say it. */
void soap_schema_fault(struct call *call, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Trees: by local name; NULL anywhere is answered with NULL. Text is lent, "" for none. */
xmlNode *node_child(const xmlNode *node, const char *name);
xmlNode *node_first(const xmlNode *node);
xmlNode *node_next(const xmlNode *node);
bool node_is(const xmlNode *node, const char *name);
const char *node_text(const xmlNode *node);
const char *node_attr(const xmlNode *node, const char *name);
/* An xs:boolean may be a word or a digit. */
bool text_is_true(const char *text);
/* The text of that child, "" where there is none. */
const char *child_text(const xmlNode *node, const char *name);

/* The envelope up to its Body; like->end ends it. */
void reply_start(const struct like *like, struct xml *out);
/* <m:NameResponse><m:ResponseMessages>, and their ends. */
void reply_begin(struct call *call, const char *name);
void reply_end(struct call *call, const char *name);
/* One message that went well, up to and with its ResponseCode; and its end. */
void message_begin(struct call *call, const char *name);
void message_end(struct call *call, const char *name);
/* errors.c. The start of one that failed (MessageText to DescriptiveLinkKey). */
void message_error_begin(struct call *call, const char *name, const char *code);
/* And with the FieldURI that is to blame; "" for none. */
void message_error_at(struct call *call, const char *name, const char *code, const char *uri);
/* A whole one. */
void message_error(struct call *call, const char *name, const char *code);

#endif
