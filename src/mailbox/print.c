/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include <jansson.h>

#include "base/clock.h"
#include "mailbox/status.h"

static bool has_value(const struct fact *fact)
{
	return fact->type == FACT_TEXT ? fact->text && *fact->text : fact->number != TIME_NONE;
}

/* As it stands after "name: ". */
static enum err print_value(const struct fact *fact, struct buf *ret)
{
	switch (fact->type) {
	case FACT_TEXT: return buf_append_str(ret, fact->text);
	case FACT_NUMBER: return buf_printf(ret, "%lld", (long long)fact->number);
	case FACT_TIME: return text_print_time(ret, fact->number);
	}
	return ERR_INVALID;
}

enum err facts_print_text(const struct facts *facts, struct buf *ret)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < facts->n; i++) {
		const struct fact *fact = &facts->list[i];
		if (!has_value(fact))
			continue;
		err = buf_printf(ret, "%s: ", fact->name);
		if (!err)
			err = print_value(fact, ret);
		if (!err)
			err = buf_append_char(ret, '\n');
	}
	return err;
}

static enum err put_json(json_t *object, const struct fact *fact)
{
	AUTO(buf) struct buf text = { 0 };
	json_t *value;

	if (fact->type == FACT_NUMBER) {
		value = json_integer(fact->number);
	} else {
		enum err err = print_value(fact, &text);
		if (err)
			return err;
		/* No valid UTF-8 makes no string: what the server said may be anything. */
		value = json_string(buf_str(&text));
		if (!value)
			value = json_string("?");
	}
	return json_object_set_new(object, fact->name, value) == 0 ? ERR_OK : ERR_NOMEM;
}

enum err facts_print_json(const struct facts *facts, struct buf *ret)
{
	json_t *object = json_object();
	enum err err = object ? ERR_OK : ERR_NOMEM;

	for (size_t i = 0; !err && i < facts->n; i++) {
		if (has_value(&facts->list[i]))
			err = put_json(object, &facts->list[i]);
	}
	char *text = err ? NULL : json_dumps(object, JSON_PRESERVE_ORDER | JSON_INDENT(1));
	json_decref(object);
	if (!err)
		err = text ? buf_printf(ret, "%s\n", text) : ERR_NOMEM;
	free(text);
	return err;
}

static enum err print_metric(struct buf *ret, const char *name, const char *type, const char *help,
			     int64_t value)
{
	if (value == TIME_NONE)
		return ERR_OK;
	return buf_printf(ret, "# HELP ewsfs_%s %s\n# TYPE ewsfs_%s %s\newsfs_%s %lld\n", name,
			  help, name, type, name, (long long)value);
}

static enum err print_states(const struct facts *facts, struct buf *ret)
{
	enum err err = buf_append_str(ret, "# HELP ewsfs_state 1 for the state that .ctl shows.\n"
					   "# TYPE ewsfs_state gauge\n");

	for (int i = SYNC_STATE_AUTH; !err && i <= SYNC_STATE_IDLE; i++)
		err = buf_printf(ret, "ewsfs_state{state=\"%s\"} %d\n",
				 sync_state_text((enum sync_state)i),
				 (enum sync_state)i == facts->state);
	return err;
}

static enum err print_results(const struct request_metrics *requests, struct buf *ret)
{
	static const char *const results[] = {
		[RESULT_OK] = "ok",	[RESULT_ERROR] = "error",	  [RESULT_BUSY] = "busy",
		[RESULT_LOST] = "lost", [RESULT_CANCELLED] = "cancelled",
	};
	enum err err = buf_append_str(ret,
				      "# HELP ewsfs_requests_total Requests to the server that "
				      "have ended.\n"
				      "# TYPE ewsfs_requests_total counter\n");

	for (int i = 0; i < requests->n; i++) {
		const struct operation_metrics *of = &requests->operations[i];
		for (int j = 0; !err && j < RESULT_COUNT; j++)
			err = buf_printf(ret,
					 "ewsfs_requests_total{operation=\"%s\",result=\"%s\"} "
					 "%llu\n",
					 of->name, results[j], (unsigned long long)of->results[j]);
	}
	return err;
}

/* The buckets hold all that took no longer, and the last one all. */
static enum err print_histogram(const struct operation_metrics *of, struct buf *ret)
{
	static const int bounds_ms[] = METRICS_BOUNDS;
	unsigned long long n = 0;
	enum err err = ERR_OK;

	for (int i = 0; !err && i <= METRICS_BOUNDS_N; i++) {
		n += of->took[i];
		err = buf_printf(ret, "ewsfs_request_seconds_bucket{operation=\"%s\",le=\"",
				 of->name);
		if (!err && i < METRICS_BOUNDS_N)
			err = buf_printf(ret, "%g\"} %llu\n", bounds_ms[i] / 1000.0, n);
		else if (!err)
			err = buf_printf(ret, "+Inf\"} %llu\n", n);
	}
	if (err)
		return err;
	return buf_printf(ret,
			  "ewsfs_request_seconds_sum{operation=\"%s\"} %.3f\n"
			  "ewsfs_request_seconds_count{operation=\"%s\"} %llu\n",
			  of->name, (double)of->took_ms / 1000.0, of->name, n);
}

static enum err print_requests(const struct request_metrics *requests, struct buf *ret)
{
	enum err err = print_results(requests, ret);

	if (!err)
		err = buf_append_str(ret, "# HELP ewsfs_request_seconds How long they took.\n"
					  "# TYPE ewsfs_request_seconds histogram\n");
	for (int i = 0; !err && i < requests->n; i++)
		err = print_histogram(&requests->operations[i], ret);
	return err;
}

/* How old what the tree shows may be. */
static int64_t lag_s(const struct facts *facts)
{
	int64_t now = clock_wall_ns() / NS_PER_S;

	if (facts->last_sync == TIME_NONE)
		return TIME_NONE;
	return now > facts->last_sync ? now - facts->last_sync : 0;
}

enum err facts_print_metrics(const struct facts *facts, struct buf *ret)
{
	const struct store_tally *tally = &facts->tally;
	const struct sync_status *sync = &facts->sync;
	/* clang-format off */
	const struct {
		const char *name, *type, *help;
		int64_t value;
	} metrics[] = {
		{ "bytes_in_total", "counter", "Bytes of replies from the server.", (int64_t)sync->bytes_in },
		{ "items", "gauge", "Items with a file in the tree.", (int64_t)tally->items_n },
		{ "bytes", "gauge", "Bytes of the files in the tree.", (int64_t)tally->bytes },
		{ "pending", "gauge", "Items known and not yet local.", (int64_t)tally->pending_n },
		{ "pending_bytes", "gauge", "Their size, as the server states it.", (int64_t)tally->pending_bytes },
		{ "quarantined", "gauge", "Items that the server cannot deliver.", (int64_t)tally->quarantined_n },
		{ "regressed", "gauge", "Items whose change key went backwards.", (int64_t)tally->regressed_n },
		{ "uncovered", "gauge", "Items whose predecessor list lacks their change key.", (int64_t)tally->uncovered_n },
		{ "last_sync_timestamp_seconds", "gauge", "Oldest last successful sync of a folder.", facts->last_sync },
		{ "last_change_timestamp_seconds", "gauge", "Last change of the tree in this mount.", sync->last_change },
		{ "lag_seconds", "gauge", "Time since the tree was in step with the server.", lag_s(facts) },
		{ "cache_bytes", "gauge", "What the cache takes on the disk.", facts->cache_bytes },
		{ "content_bytes", "gauge", "Contents held with content=ondemand.", facts->content_bytes },
		{ "throttled", "gauge", "1 while the server wants us to wait.", sync->throttled_until != TIME_NONE },
	};
	/* clang-format on */
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < ARRAY_LEN(metrics); i++)
		err = print_metric(ret, metrics[i].name, metrics[i].type, metrics[i].help,
				   metrics[i].value);
	if (!err)
		err = print_requests(&facts->requests, ret);
	return err ? err : print_states(facts, ret);
}
