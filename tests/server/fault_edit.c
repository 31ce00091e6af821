/* SPDX-License-Identifier: MIT */
#include "fault_edit.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "soap.h"
#include "synth.h"

void pieces_release(struct pieces *pieces)
{
	free(pieces->all);
	*pieces = (struct pieces){ 0 };
}

static void add(struct pieces *pieces, const char *from, const char *to)
{
	pieces->all = must_alloc(pieces->all, (pieces->n + 1) * sizeof(*pieces->all));
	pieces->all[pieces->n++] = (struct piece){ from, (size_t)(to - from) };
}

/* From `at` on: what begins with `open` and ends with `close`, one behind the other. */
static const char *collect(struct pieces *pieces, const char *at, const char *open,
			   const char *close)
{
	while (strncmp(at, open, strlen(open)) == 0) {
		const char *end = strstr(at, close);
		if (!end)
			break;
		end += strlen(close);
		add(pieces, at, end);
		at = end;
	}
	return at;
}

static const char *begin(struct pieces *pieces, const char *text, const char *first)
{
	const char *at = strstr(text, first);

	at = at ? at + strlen(first) : text + strlen(text);
	*pieces = (struct pieces){ .head = text, .head_n = (size_t)(at - text) };
	return at;
}

void pieces_of_messages(struct pieces *pieces, const char *text, const char *operation)
{
	char open[96], close[96];

	snprintf(open, sizeof(open), "<m:%sResponseMessage ", operation);
	snprintf(close, sizeof(close), "</m:%sResponseMessage>", operation);
	pieces->tail = collect(pieces, begin(pieces, text, "<m:ResponseMessages>"), open, close);
}

void pieces_of_changes(struct pieces *pieces, const char *text)
{
	static const char *const names[][2] = {
		{ "<t:Create>", "</t:Create>" },
		{ "<t:Update>", "</t:Update>" },
		{ "<t:Delete>", "</t:Delete>" },
		{ "<t:ReadFlagChange>", "</t:ReadFlagChange>" },
	};
	const char *at = begin(pieces, text, "<m:Changes>"), *before = NULL;

	while (at != before) {
		before = at;
		for (size_t i = 0; i < ARRAY_LEN(names); i++)
			at = collect(pieces, at, names[i][0], names[i][1]);
	}
	pieces->tail = at;
}

static void write_pieces(struct xml *out, const struct pieces *pieces)
{
	xml_bytes(out, pieces->head, pieces->head_n);
	for (size_t i = 0; i < pieces->n; i++)
		xml_bytes(out, pieces->all[i].s, pieces->all[i].n);
	xml_raw(out, pieces->tail);
}

/* The text between, within s; *ret_n is 0 and the result NULL where there is none. */
static const char *between(const char *s, size_t n, const char *open, const char *close,
			   size_t *ret_n)
{
	const char *at = memmem(s, n, open, strlen(open));

	*ret_n = 0;
	if (!at)
		return NULL;
	at += strlen(open);
	const char *end = memmem(at, n - (size_t)(at - s), close, strlen(close));
	if (!end)
		return NULL;
	*ret_n = (size_t)(end - at);
	return at;
}

/* s with the `gone` bytes at `at` replaced. */
static void write_replaced(struct xml *out, struct piece s, const char *at, size_t gone,
			   const char *by)
{
	xml_bytes(out, s.s, (size_t)(at - s.s));
	xml_raw(out, by);
	xml_bytes(out, at + gone, s.n - (size_t)(at - s.s) - gone);
}

/* --- Changes of a page --- */

/* The change key one lower, which every form of it has in its last bytes. */
static bool print_older(const char *key, size_t n, struct buf *ret)
{
	AUTO(buf) struct buf bytes = { 0 };

	if (text_parse_base64(&bytes, key, n) || bytes.len < XID_BYTES)
		return false;
	for (size_t i = bytes.len; i-- > bytes.len - 6;)
		if (bytes.bytes[i]-- != 0)
			break;
	return !text_print_base64(ret, bytes.bytes, bytes.len);
}

/* The same change, as it would have been told a little earlier. */
static void write_older(struct xml *out, struct piece change)
{
	AUTO(buf) struct buf older = { 0 };
	size_t n;
	const char *read = between(change.s, change.n, "<t:IsRead>", "</t:IsRead>", &n);

	if (read) {
		write_replaced(out, change, read, n, *read == 't' ? "false" : "true");
		return;
	}
	const char *key = between(change.s, change.n, " ChangeKey=\"", "\"", &n);
	if (key && print_older(key, n, &older))
		write_replaced(out, change, key, n, buf_str(&older));
	else
		xml_bytes(out, change.s, change.n);
}

/* Each change twice, what is older first. */
static void duplicate(struct xml *out, const struct pieces *changes)
{
	xml_bytes(out, changes->head, changes->head_n);
	for (size_t i = 0; i < changes->n; i++) {
		write_older(out, changes->all[i]);
		xml_bytes(out, changes->all[i].s, changes->all[i].n);
	}
	xml_raw(out, changes->tail);
}

static void shuffle(struct pieces *pieces, uint64_t seed)
{
	struct rng rng = { seed };

	for (size_t i = pieces->n; i > 1; i--) {
		size_t j = (size_t)rng_below(&rng, i);
		struct piece swapped = pieces->all[i - 1];
		pieces->all[i - 1] = pieces->all[j];
		pieces->all[j] = swapped;
	}
}

/* An id of that folder which no item ever has. */
static void print_phantom(struct call *call, char ret[ITEM_ID_SIZE])
{
	const xmlNode *asked = node_first(node_child(call->op, "SyncFolderId"));
	const struct identity *identity = &call->box->identity;
	uint64_t fid = 0, mid;

	lock_acquire(&call->box->lock);
	id_parse(identity, node_attr(asked, "Id"), &fid, &mid);
	id_print_item(identity, fid, call->box->next_id++, ret);
	lock_drop(&call->box->lock);
}

/* Creates of items that do not exist, made after one that does if there is one. */
static void phantom(struct call *call, const struct fault *fault, const struct pieces *changes)
{
	struct piece model = { "<t:Create><t:Message><t:ItemId Id=\"\" ChangeKey=\"CQAAAA==\"/>"
			       "</t:Message></t:Create>",
			       0 };
	char id[ITEM_ID_SIZE];
	size_t n;

	model.n = strlen(model.s);
	for (size_t i = 0; i < changes->n; i++)
		if (strncmp(changes->all[i].s, "<t:Create>", 10) == 0)
			model = changes->all[i];
	xml_bytes(call->out, changes->head, changes->head_n);
	for (int64_t i = 0; i < fault->first; i++) {
		const char *at = between(model.s, model.n, "<t:ItemId Id=\"", "\"", &n);
		print_phantom(call, id);
		write_replaced(call->out, model, at, n, id);
	}
	for (size_t i = 0; i < changes->n; i++)
		xml_bytes(call->out, changes->all[i].s, changes->all[i].n);
	xml_raw(call->out, changes->tail);
}

/* More is said to come, from where the client already is. */
static void not_last(struct call *call, const char *text)
{
	struct piece rest = { text, strlen(text) };
	size_t n;
	const char *state = between(rest.s, rest.n, "<m:SyncState>", "</m:SyncState>", &n);

	if (state) {
		xml_bytes(call->out, rest.s, (size_t)(state - rest.s));
		xml_raw(call->out, child_text(call->op, "SyncState"));
		rest.n -= (size_t)(state - rest.s) + n;
		rest.s = state + n;
	}
	const char *last = between(rest.s, rest.n, "InRange>", "</", &n);
	if (last)
		write_replaced(call->out, rest, last, n, "false");
	else
		xml_bytes(call->out, rest.s, rest.n);
}

static void edit_page(struct call *call, const struct fault *fault, const char *text)
{
	struct pieces changes;

	pieces_of_changes(&changes, text);
	if (fault->kind == FAULT_PHANTOM) {
		phantom(call, fault, &changes);
	} else if (fault->kind == FAULT_DUPLICATE) {
		duplicate(call->out, &changes);
	} else {
		shuffle(&changes, (uint64_t)fault->seed);
		write_pieces(call->out, &changes);
	}
	pieces_release(&changes);
}

/* --- Messages --- */

/* The id of a neighbour, which may well not exist. */
static void write_wrong_id(struct xml *out, struct piece message)
{
	size_t n;
	const char *id = between(message.s, message.n, "Id Id=\"", "\"", &n);
	char changed[2] = "A";

	if (!id || n < 8) {
		xml_bytes(out, message.s, message.n);
		return;
	}
	/* Within the counter, in every form of ids. */
	id += n - 8;
	if (*id == 'A')
		changed[0] = 'B';
	write_replaced(out, message, id, 1, changed);
}

static void wrong_id(struct call *call, const struct fault *fault, const char *text)
{
	struct pieces messages;

	pieces_of_messages(&messages, text, (const char *)call->op->name);
	xml_bytes(call->out, messages.head, messages.head_n);
	for (size_t i = 0; i < messages.n; i++) {
		int64_t n = (int64_t)i;
		if (fault->rotate)
			xml_bytes(call->out, messages.all[(i + 1) % messages.n].s,
				  messages.all[(i + 1) % messages.n].n);
		else if (n >= fault->at && n < fault->at + fault->first)
			write_wrong_id(call->out, messages.all[i]);
		else
			xml_bytes(call->out, messages.all[i].s, messages.all[i].n);
	}
	xml_raw(call->out, messages.tail);
	pieces_release(&messages);
}

/* --- Characters --- */

/* At the end of each text of a name or a subject, as references or as they are. */
static void illegal(struct xml *out, const char *text, bool raw)
{
	static const char *const ends[] = { "</t:Subject>", "</t:DisplayName>", "</t:Name>",
					    "</m:MessageText>" };

	for (const char *at = text; *at; at++) {
		bool hit = false;
		for (size_t i = 0; *at == '<' && i < ARRAY_LEN(ends); i++)
			hit = hit || strncmp(at, ends[i], strlen(ends[i])) == 0;
		if (hit)
			xml_raw(out, raw ? "\x01\x1f\xff" : "&#x0;&#x1F;&#11;&#xFFFE;");
		xml_bytes(out, at, 1);
	}
}

/* Right up to some byte, and then no XML at all. */
static void malformed(struct xml *out, const char *text, int64_t bytes)
{
	size_t n = strlen(text), at = bytes < 0 ? n / 2 : (size_t)bytes;

	if (at > n)
		at = n;
	xml_bytes(out, text, at);
	xml_raw(out, "<t:Broken & attribute=></m:Other>");
	xml_raw(out, text + at);
}

static void truncated(struct xml *out, const char *text, int64_t bytes)
{
	size_t n = strlen(text), at = bytes < 0 ? n / 2 : (size_t)bytes;

	xml_bytes(out, text, at < n ? at : n);
}

void edit_reply(struct call *call, const struct fault *fault)
{
	struct xml whole = *call->out;
	const char *text = buf_str(&whole.buf);

	*call->out = (struct xml){ 0 };
	switch (fault->kind) {
	case FAULT_DUPLICATE:
	case FAULT_REORDER:
	case FAULT_PHANTOM: edit_page(call, fault, text); break;
	case FAULT_NOT_LAST: not_last(call, text); break;
	case FAULT_WRONG_ID: wrong_id(call, fault, text); break;
	case FAULT_ILLEGAL: illegal(call->out, text, fault->raw); break;
	case FAULT_MALFORMED: malformed(call->out, text, fault->bytes); break;
	case FAULT_TRUNCATED: truncated(call->out, text, fault->bytes); break;
	default: *call->out = whole; return;
	}
	xml_release(&whole);
}
