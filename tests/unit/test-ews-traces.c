/* SPDX-License-Identifier: MIT */
#include "ews-traces.h"

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0 && (*with || !*s);
}

static void check_outcome(const struct row *row, size_t cut, const struct outcome *o)
{
	bool is_right = o->err == row->err && strcmp(o->code, row->code) == 0 && o->n == row->n &&
			o->bad_n == row->bad_n && begins(o->state, row->state) &&
			begins(o->what, row->what) && o->size == row->size;
	if (!is_right)
		fail_msg("%s, cut at %zu: %s, \"%s\", %zu, %zu, \"%s\", \"%s\", %zu", row->path,
			 cut, err_text(o->err), o->code, o->n, o->bad_n, o->state, o->what,
			 o->size);
}

static void check_row(const struct row *row, const char *body, size_t cut)
{
	struct outcome o = { 0 };

	run(row, body, cut, &o);
	check_outcome(row, cut, &o);
}

static void test_replies_of_other_servers_say_to_us_what_they_said(void **state)
{
	(void)state;
	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *body = load_body(&rows[i]);
		check_row(&rows[i], body, 1);
		check_row(&rows[i], body, 7);
		check_row(&rows[i], body, 16384);
	}
}

/* --- notifications --- */

static enum err note_event(void *ctx, const struct ews_event *event)
{
	struct outcome *o = ctx;

	o->n++;
	o->size += event->folder_id != NULL;
	note_what(o, event->parent_id);
	return ERR_OK;
}

static void note_beat(void *ctx, bool had_events)
{
	struct outcome *o = ctx;

	o->bad_n += !had_events;
}

static void run_events(struct ews *ews, bool is_stream, struct outcome *o)
{
	static const struct ews_stream_sink stream = { note_event, note_beat, note_done };
	AUTO(str) char *watermark = strdup("0");
	bool more = false;

	if (is_stream) {
		check_ok(ews_stream(ews, "S", 1, 1000, &stream, o));
		check_ok(ews_wait(ews, 0));
	} else {
		o->err = ews_get_events(ews, "S", &watermark, note_event, o, &more);
	}
	assert_false(more);
	snprintf(o->state, sizeof(o->state), "%s", watermark);
}

static void test_events_of_other_servers_are_read(void **state)
{
	static const size_t cuts[] = { 1, 7, 16384 };
	(void)state;

	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(events_rows) * ARRAY_LEN(cuts); i++) {
		const struct row *row = &events_rows[i / ARRAY_LEN(cuts)].row;
		AUTO(str) char *body = load_body(row);
		const struct fake_reply reply = { body, strlen(body), 200 };
		const struct account account = { 0 };
		AUTO(ews) struct ews *ews = NULL;
		AUTO(buf) struct buf reason = { 0 };
		struct outcome o = { 0 };
		fake_put(&reply, 1, cuts[i % ARRAY_LEN(cuts)]);
		check_ok(ews_open(&account, &ews, &reason));
		run_events(ews, events_rows[i / ARRAY_LEN(cuts)].is_stream, &o);
		check_outcome(row, fake.cut, &o);
	}
}

static void test_a_byte_order_mark_changes_nothing(void **state)
{
	(void)state;
	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *body = load_body(&rows[i]);
		AUTO(str) char *marked = malloc(strlen(body) + 8);
		if (*body != '<')
			continue;
		sprintf(marked, "\xef\xbb\xbf\r\n%s", body);
		check_row(&rows[i], marked, 1);
		check_row(&rows[i], marked, 16384);
	}
}

static void test_a_reply_cut_short_never_passes_for_a_whole_one(void **state)
{
	(void)state;
	require_traces();
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(str) char *body = load_body(&rows[i]);
		size_t len = strlen(body), cuts[] = { len / 4, len / 2, len - len / 8, len - 3 };
		if (rows[i].err)
			continue;
		while (len > 0 && body[len - 1] != '>')
			len--;
		cuts[3] = len - 1;
		for (size_t c = 0; c < ARRAY_LEN(cuts); c++) {
			struct outcome o = { 0 };
			AUTO(str) char *cut = strndup(body, cuts[c]);
			run(&rows[i], cut, 16384, &o);
			if (!o.err)
				fail_msg("%s cut after %zu bytes passes", rows[i].path, cuts[c]);
		}
	}
}

static enum err check_flags(void *ctx, size_t index, struct ews_item_reply *reply)
{
	size_t *seen = ctx;

	assert_int_equal(index, (*seen)++);
	check_ok(reply->err);
	assert_true(reply->item->has_message_flags);
	assert_true(reply->item->message_flags & MSGFLAG_READ || index > 0);
	assert_int_equal(reply->item->mapi_change_key.len, 22);
	assert_int_equal(reply->item->predecessors.len, 23);
	assert_true(reply->item->modified > INT64_C(1700000000));
	assert_non_null(strstr(reply->item->message_id, "@lab.example.org>"));
	return ERR_OK;
}

static void check_done(void *ctx, enum err err)
{
	(void)ctx;
	check_ok(err);
}

/* 0xe07 was asked for as 0x0e07. */
static void test_property_tags_are_numbers_however_they_are_written(void **state)
{
	const struct row row = { .op = MAIL, .path = "gromox/19-GetItem-mime-ext.response.xml" };
	const struct ews_items_sink flags = { check_flags, check_done };
	const struct account account = { 0 };
	AUTO(ews) struct ews *ews = NULL;
	AUTO(question) struct question q = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	size_t seen = 0;
	(void)state;

	require_traces();
	AUTO(str) char *body = load_body(&row);
	const struct fake_reply reply = { body, strlen(body), 200 };
	fake_put(&reply, 1, 512);
	make_question(body, "ItemId Id=\"", &q);
	check_ok(ews_open(&account, &ews, &reason));
	check_ok(ews_get_items(ews, KIND_MESSAGE, (const char *const *)q.ids, q.n, "/tmp", &flags,
			       &seen));
	check_ok(ews_wait(ews, 0));
	assert_int_equal(seen, 3);
	assert_true(fake.was_settled);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replies_of_other_servers_say_to_us_what_they_said),
		cmocka_unit_test(test_events_of_other_servers_are_read),
		cmocka_unit_test(test_a_byte_order_mark_changes_nothing),
		cmocka_unit_test(test_a_reply_cut_short_never_passes_for_a_whole_one),
		cmocka_unit_test(test_property_tags_are_numbers_however_they_are_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
