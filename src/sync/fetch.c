/* SPDX-License-Identifier: MIT */
#include "sync/engine.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "model/content.h"

/*
 * fetch - the queue, emptied by several GetItem at once.
 *
 * A batch is taken, asked for, and lands: its answers are collected while they stream
 * in and committed together at the end (settle.c). Sinks run inside every call that
 * waits, so a page may be asked for while batches come in.
 *
 * With content=ondemand the queue brings names and attributes alone; contents come one by one, for
 * those who wait for them (want.c), and never pass through the queue.
 *
 * Some are asked a second time before that: those whose kind's properties the server refuses get
 * the shape that fits everything; those that are of another kind by now than the page said get that
 * one's, since the version that came would pass for whole; and of those that cannot be delivered it
 * is asked what they are, so that their files have their names (I3).
 */
enum {
	BATCH_BYTES_MAX = 8 << 20,
	LOSSES_MAX = 3, /* requests in a row without an answer: it is not the items */
	WAIT_MS = 1000,
};

static void landing_release(struct landing *landing)
{
	str_release(&landing->reason);
	item_release(&landing->item);
	spool_release(&landing->content);
}

static void flight_release(struct flight **flight)
{
	if (!*flight)
		return;
	for (size_t i = 0; (*flight)->landings && i < (*flight)->batch.n; i++)
		landing_release(&(*flight)->landings[i]);
	free((*flight)->landings);
	free((*flight)->again);
	fetch_batch_release(&(*flight)->batch);
	free(*flight);
	*flight = NULL;
}

static enum err print_reason(const struct ews_item_reply *reply, char **ret)
{
	AUTO(buf) struct buf text = { 0 };
	const char *code = reply->code ? reply->code : "", *said = reply->text ? reply->text : "";

	enum err err = buf_append_str(&text, *code || *said ? code : err_text(reply->err));
	if (!err && *said)
		err = buf_printf(&text, "%s%s", *code ? ": " : "", said);
	return err ? err : buf_give(&text, ret);
}

/* Takes what an item brought and makes its file of it. */
static enum err land_content(struct landing *landing, struct ews_item_reply *reply)
{
	landing->item = *reply->item;
	*reply->item = (struct item){ 0 };
	landing->has_content = reply->mime;
	if (!reply->mime)
		return ERR_OK;
	landing->content = *reply->mime;
	*reply->mime = (struct spool){ 0 };
	landing->err = content_make(&landing->item, &landing->content);
	return landing->err ? text_copy(err_text(landing->err), &landing->reason) : ERR_OK;
}

/* What the item is, though its content does not come. */
static void take_what(const struct flight *flight, struct landing *landing,
		      struct ews_item_reply *reply)
{
	if (!reply->item)
		return;
	item_release(&landing->item);
	landing->item = *reply->item;
	*reply->item = (struct item){ 0 };
	landing->item.kind = flight->batch.kind;
}

static enum err note_item(void *ctx, size_t index, struct ews_item_reply *reply)
{
	struct flight *flight = ctx;

	if (index >= flight->batch.n)
		return ERR_PROTOCOL;
	struct landing *landing = &flight->landings[index];
	landing_release(landing);
	landing->content = (struct spool){ 0 };
	landing->is_seen = true;
	landing->err = reply->err;
	if (!reply->err && reply->item)
		return land_content(landing, reply);
	if (!reply->err)
		landing->err = ERR_PROTOCOL;
	take_what(flight, landing, reply);
	return print_reason(reply, &landing->reason);
}

/* The answer to a second question. */
static enum err note_again(void *ctx, size_t index, struct ews_item_reply *reply)
{
	struct flight *flight = ctx;

	if (index >= flight->again_n)
		return ERR_PROTOCOL;
	struct landing *landing = &flight->landings[flight->again[index]];
	if (landing->was_asked_what) {
		take_what(flight, landing, reply);
		return ERR_OK;
	}
	landing->is_of_kind |= flight->again_kind != KIND_SAFE;
	return note_item(flight, flight->again[index], reply);
}

static void unlink_flight(struct sync *sync, const struct flight *flight)
{
	struct flight **at = &sync->flights;

	while (*at && *at != flight)
		at = &(*at)->next;
	if (*at)
		*at = flight->next;
}

/* What a request without an answer, or one for us to wait, means for the others. */
static enum err judge_request(struct sync *sync, enum err err)
{
	if (!err) {
		gate_note_answer(sync);
		return ERR_OK;
	}
	if (err == ERR_CANCELLED)
		return err;
	const char *reason = ews_reason(sync->ews);
	gate_blame(sync, "%s", reason && *reason ? reason : err_text(err));
	if (gate_is_throttled(sync, err)) {
		gate_close(sync, ews_back_off_ms(sync->ews));
		return ERR_OK;
	}
	if (gate_ends_run(err) && err != ERR_OFFLINE)
		return err;
	/* Maybe one item of it breaks the connection: they come again one by one. */
	return ++sync->gate.losses >= LOSSES_MAX ? err : ERR_OK;
}

/* A request for it alone was refused as a whole. */
static enum err note_refused_shape(struct flight *flight)
{
	struct landing *landing = &flight->landings[0];

	if (flight->batch.n != 1 || landing->is_seen || flight->err != ERR_SHAPE)
		return ERR_OK;
	landing->is_seen = true;
	landing->err = ERR_SHAPE;
	return text_copy(err_text(ERR_SHAPE), &landing->reason);
}

static bool wants_safe_shape(struct flight *flight, size_t i)
{
	struct landing *landing = &flight->landings[i];

	if (!landing->is_seen || landing->err != ERR_SHAPE || landing->was_asked_safely ||
	    flight->batch.kind == KIND_SAFE)
		return false;
	landing->was_asked_safely = true;
	return true;
}

bool fetch_is_of_other_kind(const struct flight *flight, size_t i)
{
	const struct landing *landing = &flight->landings[i];

	if (!landing->is_seen || landing->err || landing->is_of_kind || !landing->item.element)
		return false;
	enum item_kind kind = item_kind_of_element(landing->item.element);
	return kind != flight->batch.kind && kind != KIND_SAFE;
}

static bool wants_shape_of_kind(struct flight *flight, size_t i)
{
	const struct landing *landing = &flight->landings[i];

	return fetch_is_of_other_kind(flight, i) &&
	       item_kind_of_element(landing->item.element) == flight->again_kind;
}

static bool wants_to_know_what(struct flight *flight, size_t i)
{
	struct landing *landing = &flight->landings[i];

	if (landing->was_asked_what || !settle_lacks_item(flight, i))
		return false;
	landing->was_asked_what = true;
	return true;
}

static void note_done_again(void *ctx, enum err err);
static const struct ews_items_sink sink_again = { .item = note_again, .done = note_done_again };

static enum err ask(struct flight *flight, enum item_kind kind, const char *const *ids, size_t n,
		    const struct ews_items_sink *to)
{
	struct sync *sync = flight->sync;

	if (flight->wants_mime)
		return ews_get_items(sync->ews, kind, ids, n, store_dir(sync->store), to, flight);
	return ews_get_attributes(sync->ews, kind, ids, n, store_dir(sync->store), to, flight);
}

static enum err ask_some(struct flight *flight, enum item_kind kind,
			 bool (*wants)(struct flight *flight, size_t i))
{
	const struct fetch_batch *batch = &flight->batch;
	const char **ids = calloc(batch->n, sizeof(*ids));
	enum err err = ids ? ERR_OK : ERR_NOMEM;

	flight->again_n = 0;
	flight->again_kind = kind;
	for (size_t i = 0; !err && i < batch->n; i++) {
		if (!wants(flight, i))
			continue;
		ids[flight->again_n] = batch->jobs[i].id;
		flight->again[flight->again_n++] = i;
	}
	if (!err && flight->again_n > 0)
		err = ask(flight, kind, ids, flight->again_n, &sink_again);
	free(ids);
	return err;
}

/* True when the flight is in the air again. */
static bool ask_again(struct flight *flight)
{
	enum err err = ERR_OK;

	if (!flight->again)
		flight->again = calloc(flight->batch.n, sizeof(*flight->again));
	if (!flight->again || flight->is_cut_short || !gate_is_open(flight->sync))
		err = ERR_CANCELLED;
	if (!err)
		err = note_refused_shape(flight);
	if (!err)
		err = ask_some(flight, KIND_SAFE, wants_safe_shape);
	for (int kind = 0; !err && flight->again_n == 0 && kind < KIND_SAFE; kind++)
		err = ask_some(flight, (enum item_kind)kind, wants_shape_of_kind);
	if (!err && flight->again_n == 0)
		err = ask_some(flight, KIND_CONTACT, wants_to_know_what);
	flight->is_cut_short |= err != ERR_OK;
	return !err && flight->again_n > 0;
}

static void settle(struct flight *settled, enum err failed)
{
	AUTO(flight) struct flight *flight = settled;
	struct sync *sync = flight->sync;

	unlink_flight(sync, flight);
	if (flight->wanted) {
		enum err err = failed ? failed : settle_wanted(flight);
		wants_note_result(sync, flight, err);
		if (flight->is_passed)
			sync_drop_passed(sync, flight->wanted);
		return;
	}
	enum err stored = settle_flight(flight);
	if (!failed)
		failed = stored;
	enum err returned = store_return_batch(sync->store, &flight->batch);
	if (!failed)
		failed = returned;
	if (!sync->fetch_err)
		sync->fetch_err = failed;
	FAULT("fetch.batch");
}

static void note_done(void *ctx, enum err err)
{
	struct flight *flight = ctx;
	enum err failed = judge_request(flight->sync, err);

	flight->err = err;
	if (failed || !ask_again(flight))
		settle(flight, failed);
}

static void note_done_again(void *ctx, enum err err)
{
	struct flight *flight = ctx;
	enum err failed = judge_request(flight->sync, err);

	flight->is_cut_short |= err != ERR_OK;
	if (failed || !ask_again(flight))
		settle(flight, failed);
}

void fetch_note_flag(struct sync *sync, const char *id, bool is_read)
{
	for (struct flight *flight = sync->flights; flight; flight = flight->next) {
		for (size_t i = 0; i < flight->batch.n; i++) {
			if (strcmp(flight->batch.jobs[i].id, id) != 0)
				continue;
			flight->landings[i].has_flag = true;
			flight->landings[i].is_read = is_read;
		}
	}
}

static const struct ews_items_sink sink = { .item = note_item, .done = note_done };

/* Asks for the batch of the flight, which is in the air then. */
static enum err depart(struct flight *flight)
{
	const struct fetch_batch *batch = &flight->batch;
	struct sync *sync = flight->sync;
	const char **ids = calloc(batch->n, sizeof(*ids));

	flight->landings = calloc(batch->n, sizeof(*flight->landings));
	enum err err = ids && flight->landings ? ERR_OK : ERR_NOMEM;
	for (size_t i = 0; !err && i < batch->n; i++)
		ids[i] = batch->jobs[i].id;
	if (!err)
		err = ask(flight, batch->kind, ids, batch->n, &sink);
	free(ids);
	if (!err) {
		flight->next = sync->flights;
		sync->flights = flight;
	}
	return err;
}

/* ERR_NOT_FOUND when nothing is due. */
static enum err start_one(struct sync *sync)
{
	AUTO(flight) struct flight *flight = calloc(1, sizeof(*flight));

	if (!flight)
		return ERR_NOMEM;
	flight->sync = sync;
	flight->wants_mime = !want_is_ondemand(sync);
	enum err err = store_take_batch(sync->store, clock_boot_ms(),
					(size_t)sync->account->batch_n, BATCH_BYTES_MAX,
					&flight->batch);
	if (err)
		return err;
	err = depart(flight);
	if (!err) {
		flight = NULL; /* note_done() owns it */
		return ERR_OK;
	}
	gate_blame(sync, "%s", ews_reason(sync->ews));
	enum err returned = store_return_batch(sync->store, &flight->batch);
	return returned ? returned : err;
}

enum err fetch_wanted(struct sync *sync, uint64_t ino, struct fetch_batch *batch)
{
	AUTO(flight) struct flight *flight = calloc(1, sizeof(*flight));

	if (!flight)
		return ERR_NOMEM;
	flight->sync = sync;
	flight->wants_mime = true;
	flight->wanted = ino;
	flight->asked_ms = clock_boot_ms();
	flight->batch = *batch;
	*batch = (struct fetch_batch){ 0 };
	enum err err = depart(flight);
	if (!err)
		flight = NULL; /* note_done() owns it */
	return err;
}

enum err fetch_fill(struct sync *sync)
{
	enum err err = sync->fetch_err;

	wants_tend(sync);
	while (!err && gate_is_open(sync) && !space_is_short(sync) &&
	       ews_pending_n(sync->ews) < gate_connections_n(sync))
		err = start_one(sync);
	status_note_queue(sync);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

/* How long nothing will be due; 0 when nothing is left that this run waits for. What is due already
 * was taken if the gate was open. */
static enum err load_pause(struct sync *sync, bool was_open, int64_t *ret_ms)
{
	int64_t due_ms, now = clock_boot_ms();
	uint64_t n;

	if (space_is_short(sync))
		return space_fail(sync);
	enum err err = store_load_queue(sync->store, &due_ms, &n);
	if (err)
		return err;
	if (n == 0 || (was_open && due_ms > now && due_ms > sync->retry_until_ms))
		*ret_ms = 0;
	else
		*ret_ms = was_open && due_ms > now ? due_ms - now : 1;
	return ERR_OK;
}

/* One step: something lands, comes due, or the gate opens. */
static enum err fetch_step(struct sync *sync, bool *ret_drained)
{
	bool was_open = gate_is_open(sync);
	int64_t pause_ms = WAIT_MS;

	watch_tend(sync);
	enum err err = fetch_fill(sync);
	/* Others wait while this goes on: those whose own is here need not. */
	if (!err)
		err = errands_settle(sync);
	if (!err && ews_pending_n(sync->ews) > 0)
		return ews_wait(sync->ews, WAIT_MS);
	if (!err)
		err = load_pause(sync, was_open, &pause_ms);
	if (err || pause_ms == 0) {
		*ret_drained = !err;
		return err;
	}
	if (!gate_is_open(sync))
		pause_ms = sync->gate.open_ms - clock_boot_ms();
	return gate_sleep(sync, pause_ms < WAIT_MS ? pause_ms : WAIT_MS);
}

enum err fetch_drain(struct sync *sync, bool *ret_drained)
{
	bool drained = false;
	enum err err = ERR_OK;

	while (!err && !drained && !run_is_due(sync)) {
		err = fetch_step(sync, &drained);
		if (!err)
			err = sync->fetch_err;
	}
	if (!err)
		*ret_drained = drained;
	return err;
}
