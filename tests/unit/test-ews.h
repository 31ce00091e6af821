/* SPDX-License-Identifier: MIT */
#ifndef TESTS_UNIT_TEST_EWS_H
#define TESTS_UNIT_TEST_EWS_H

#include "ews/ews.h"
#include "fake-http.h"

/* Replies in pieces to put together, and what a sink saw of them. */
#define ENVELOPE(body) \
	"<?xml version=\"1.0\" encoding=\"utf-8\"?>" \
	"<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"" \
	" xmlns:m=\"http://schemas.microsoft.com/exchange/services/2006/messages\"" \
	" xmlns:t=\"http://schemas.microsoft.com/exchange/services/2006/types\">" \
	"<s:Header><t:ServerVersionInfo MajorVersion=\"15\"/></s:Header>" \
	"<s:Body>" body "</s:Body></s:Envelope>"
#define RESPONSE(name, messages) \
	ENVELOPE("<m:" name "Response><m:ResponseMessages>" messages \
		 "</m:ResponseMessages></m:" name "Response>")
#define OK(name, inner) \
	"<m:" name \
	"ResponseMessage ResponseClass=\"Success\"><m:ResponseCode>NoError</m:ResponseCode>" inner \
	"</m:" name "ResponseMessage>"
#define ERROR(name, code, inner) \
	"<m:" name \
	"ResponseMessage ResponseClass=\"Error\"><m:MessageText>It went wrong.</m:MessageText>" \
	"<m:ResponseCode>" code "</m:ResponseCode>" inner "</m:" name "ResponseMessage>"
#define FAULT(code, detail) \
	ENVELOPE("<s:Fault><faultcode xmlns:a=\"urn:x\">a:" code \
		 "</faultcode><faultstring>It went wrong." \
		 "</faultstring>" detail "</s:Fault>")
#define ITEM(id, inner) \
	OK("GetItem", \
	   "<m:Items><t:Message>" inner "<t:ItemId Id=\"" id "\" ChangeKey=\"k" id "\"/>" \
	   "</t:Message></m:Items>")
#define MIME(text) "<t:MimeContent CharacterSet=\"UTF-8\">" text "</t:MimeContent>"
/* "Subject: a\r\n\r\nb" */
#define MAIL(id) ITEM(id, MIME("U3ViamVjdDogYQ0KDQpi"))

/* What a sink saw, as text. */
struct outcome {
	struct buf log;
	int done_n;
	enum err err;
};

static inline enum err note_item(void *ctx, size_t index, struct ews_item_reply *reply)
{
	struct outcome *o = ctx;
	char mime[64] = "";

	if (reply->mime)
		check_ok(spool_read(reply->mime, 0, mime,
				    reply->mime->len < 60 ? reply->mime->len : 60));
	return buf_printf(&o->log, "%zu:%s:%s:%s:%s;", index, err_text(reply->err),
			  reply->item && reply->item->id ? reply->item->id : "-", reply->code,
			  reply->err ? reply->text : mime);
}

static inline void note_done(void *ctx, enum err err)
{
	struct outcome *o = ctx;

	o->done_n++;
	o->err = err;
}

static const struct ews_items_sink sink = { note_item, note_done };

static inline void outcome_release(struct outcome *o)
{
	buf_release(&o->log);
}

static inline struct ews *open_ews(const struct fake_reply *replies, size_t n, size_t cut)
{
	const struct account account = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	struct ews *ews = NULL;

	fake_put(replies, n, cut);
	check_ok(ews_open(&account, &ews, &reason));
	return ews;
}

static inline void get_items(struct ews *ews, enum item_kind kind, const char *ids,
			     struct outcome *o)
{
	const char *list[8];
	AUTO(str) char *copy = strdup(ids);
	size_t n = 0;

	for (char *id = strtok(copy, " "); id; id = strtok(NULL, " "))
		list[n++] = id;
	check_ok(ews_get_items(ews, kind, list, n, "/tmp", &sink, o));
	check_ok(ews_wait(ews, 1000));
	assert_int_equal(o->done_n, 1);
}

#define PAGE(changes) \
	RESPONSE("SyncFolderItems", \
		 OK("SyncFolderItems", \
		    "<m:SyncState>H4sI</m:SyncState>" \
		    "<m:IncludesLastItemInRange>true</" \
		    "m:IncludesLastItemInRange><m:Changes>" changes "</m:Changes>"))

#endif
