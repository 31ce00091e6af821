/* SPDX-License-Identifier: MIT */
#include "test-sync.h"

static int watch_up(void **state)
{
	bench_up(state);
	struct bench *bench = *state;

	bench_close(bench);
	bench->account.notify = NOTIFY_AUTO;
	bench_open(bench);
	return 0;
}

#define watch_test(fn) cmocka_unit_test_setup_teardown(fn, watch_up, bench_down)

static void reset_counts(void)
{
	fake.folders_calls_n = fake.hierarchy_calls_n = fake.pages_calls_n = 0;
}

/* In step, and events come. */
static void go_live(struct bench *bench)
{
	run_ok(bench);
	watch_tend(bench->sync);
	assert_true(ews_is_streaming(bench->sync->ews));
	fake_beat();
	assert_true(bench->sync->watch.is_live);
	run_ok(bench); /* it was blind until then */
	assert_true(hints_due_ms(bench->sync) == INT64_MAX);
	reset_counts();
}

static void tell_item(const char *parent, const char *old_parent)
{
	fake_event(&(struct ews_event){ .parent_id = parent, .old_parent_id = old_parent });
}

static void tell_folder(const char *id, const char *parent, bool is_modified)
{
	fake_event(&(struct ews_event){ is_modified, id, parent, NULL });
}

static bool is_due(const struct bench *bench)
{
	return clock_boot_ms() >= hints_due_ms(bench->sync);
}

static void test_an_event_lists_its_folder_and_asks_for_nothing_else(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("F", "ROOT", "F");
	fake_add_item("A", "k", "a");
	go_live(bench);
	fake_add_page(&(struct fake_page){ "INBOX", "s0", "s1", { FAKE_CREATE("A", "k") } });
	tell_item("INBOX", NULL);
	assert_true(is_due(bench));
	run_ok(bench);
	check_item(bench, "A", "a");
	assert_int_equal(fake.pages_calls_n, 1);
	assert_int_equal(fake.folders_calls_n + fake.hierarchy_calls_n, 0);
	assert_false(is_due(bench));
}

/* I7: whatever is lost, the next digest finds it, as the one stored is older than what was listed
 * for a hint. */
static void test_I7_a_lost_event_is_found_by_the_next_digest(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	fake_add_item("B", "k", "b");
	go_live(bench);
	fake_add_page(&(struct fake_page){ "INBOX", "s0", "s1", { FAKE_CREATE("A", "k") } });
	tell_item("INBOX", NULL);
	run_ok(bench);
	/* Its digest does not change with this: it happened in the same second. */
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_CREATE("B", "k") } });
	fake_folder("INBOX")->commit--;
	bench->sync->due_ms = 0;
	run_ok(bench);
	check_item(bench, "B", "b");
}

static void test_I7_events_of_folders_that_nobody_knows_are_nothing(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	tell_item("SEARCH", "NOWHERE");
	tell_folder("SEARCH", "ABOVE", true);
	tell_folder("SEARCH", "ABOVE", false);
	assert_true(hints_due_ms(bench->sync) == INT64_MAX);
}

static void test_a_listing_for_an_event_takes_no_newer_count_back(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf set = { 0 };
	const char *value;
	size_t n;

	fake_folder("INBOX")->total_n = 1;
	go_live(bench);
	fake_folder("INBOX")->total_n = 2;
	fake_touch_folder("INBOX", "Fk2");
	tell_folder("INBOX", "ROOT", true);
	bench->sync->hints.hierarchy_ms = clock_boot_ms();
	run_ok(bench);
	tell_item("INBOX", NULL);
	run_ok(bench);
	check_ok(store_load_attrs(bench->store, folder_ino(bench, "INBOX"), &set));
	check_ok(attr_find(&set, ATTR_TOTAL_COUNT, &value, &n));
	assert_memory_equal(value, "2", n);
}

static void test_a_new_folder_comes_with_its_items(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	fake_add_item("A", "k", "a");
	fake_add_folder("F", "INBOX", "F");
	fake_add_page(&(struct fake_page){ "F", NULL, "s1", { FAKE_CREATE("A", "k") } });
	tell_folder("F", "INBOX", false);
	tell_item("F", NULL); /* not known yet */
	run_ok(bench);
	check_item(bench, "A", "a");
	assert_int_equal(fake.hierarchy_calls_n, 1);
	assert_int_equal(fake.folders_calls_n, 0);
}

/* Its items change it all the time: what it is called is looked at now and then. */
static void test_a_changed_folder_is_listed_and_its_name_looked_at_later(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	tell_folder("INBOX", "ROOT", true);
	run_ok(bench);
	assert_int_equal(fake.pages_calls_n, 1);
	assert_int_equal(fake.hierarchy_calls_n, 0);
	int64_t later_ms = hints_due_ms(bench->sync) - clock_boot_ms();
	assert_in_range(later_ms, 20 * 1000, 30 * 1000);
	bench->sync->hints.hierarchy_ms = clock_boot_ms();
	assert_true(is_due(bench));
	run_ok(bench);
	assert_int_equal(fake.hierarchy_calls_n, 1);
	assert_true(hints_due_ms(bench->sync) == INT64_MAX);
}

/* Tells n events after each listing; that is when the next is due. */
static void check_pauses(struct bench *bench, int n, const int *pauses_ms, size_t pauses_n)
{
	for (size_t i = 0; i < pauses_n; i++) {
		int64_t listed_ms = bench->sync->hints.listed_ms;
		for (int k = 0; k < n; k++)
			tell_item("INBOX", NULL);
		int64_t due_ms = hints_due_ms(bench->sync);
		assert_int_equal(due_ms > listed_ms ? due_ms - listed_ms : 0, pauses_ms[i]);
		bench->sync->hints.not_before_ms = 0;
		run_ok(bench);
	}
}

static void test_single_messages_wait_but_a_moment(void **state)
{
	static const int pauses_ms[] = { 0, 0, 100, 100, 100 };
	struct bench *bench = *state;

	go_live(bench);
	bench->sync->hints = (struct hints){ 0 };
	check_pauses(bench, 3, pauses_ms, ARRAY_LEN(pauses_ms));
}

static void test_a_storm_is_listed_at_growing_distances(void **state)
{
	static const int pauses_ms[] = { 0, 0, 250, 500, 1000, 2000, 3000, 3000 };
	struct bench *bench = *state;

	go_live(bench);
	bench->sync->hints = (struct hints){ 0 };
	check_pauses(bench, 100, pauses_ms, ARRAY_LEN(pauses_ms));
	bench->sync->hints.heard_ms -= 11 * 1000;
	tell_item("INBOX", NULL);
	assert_true(is_due(bench));
	assert_int_equal(bench->sync->hints.step, 0);
}

static struct bench *slow;
static int told_n;

/* The next message comes while this one is asked for, which takes longer than a moment. */
static void tell_of_another(void)
{
	static char states[FAKE_PAGES_MAX][16];
	struct hints *hints = &slow->sync->hints;

	if (told_n == 40)
		return;
	snprintf(states[told_n + 1], sizeof(states[0]), "s%d", told_n + 1);
	fake_add_page(&(struct fake_page){ "INBOX",
					   told_n ? states[told_n] : "s0",
					   states[told_n + 1],
					   { FAKE_UPDATE("A", states[told_n + 1]) } });
	told_n++;
	tell_item("INBOX", NULL);
	hints->listed_ms -= 150;
	hints->not_before_ms -= 150;
}

/* I9: somebody may wait for its end. */
static void test_I9_a_trickle_of_messages_does_not_keep_a_run_from_ending(void **state)
{
	struct bench *bench = *state;

	fake_add_item("A", "k", "a");
	go_live(bench);
	slow = bench;
	told_n = 0;
	tell_of_another();
	fake.on_items = tell_of_another;
	run_ok(bench);
	assert_in_range(told_n, 5, 20);
}

static void test_a_folder_that_is_gone_leaves_it_to_the_digest(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("F", "ROOT", "F");
	go_live(bench);
	fake_add_page(&(struct fake_page){ "F", "s0", .err = ERR_NOT_FOUND });
	fake_drop_folder("F");
	tell_item("F", NULL);
	run_ok(bench); /* blind then, and so it goes on with all */
	assert_false(has_folder(bench, "F"));
}

/* Its own pauses count, however much is told of it. */
static void test_events_list_no_folder_that_fails(void **state)
{
	struct bench *bench = *state;

	fake_add_folder("F", "ROOT", "F");
	go_live(bench);
	fake_add_page(&(struct fake_page){ "F", "s0", .err = ERR_PROTOCOL });
	bench->sync->due_ms = 0;
	run_ok(bench);
	reset_counts();
	tell_item("F", NULL);
	run_ok(bench);
	assert_int_equal(fake.pages_calls_n + fake.folders_calls_n, 0);
	assert_false(is_due(bench));
}

static void test_the_digest_is_the_poll_again_when_events_stop(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;

	go_live(bench);
	assert_true(sync->due_ms > clock_boot_ms() + 590 * 1000);
	fake_end_stream(ERR_OFFLINE);
	watch_tend(sync);
	assert_true(sync->due_ms <= clock_boot_ms() + 60 * 1000);
	assert_false(ews_is_streaming(sync->ews));
	sync->watch.next_ms = 0;
	watch_tend(sync);
	assert_int_equal(fake.stream_calls_n, 2);
	assert_int_equal(fake.subscribe_calls_n, 1);
	fake_beat();
	assert_true(is_due(bench)); /* for all that it did not hear */
}

static void test_a_lost_subscription_is_made_anew(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	fake_end_stream(ERR_SUBSCRIPTION);
	watch_tend(bench->sync);
	assert_int_equal(fake.subscribe_calls_n, 2);
	assert_int_equal(fake.stream_calls_n, 2);
	assert_true(bench->sync->hints.is_blind);
}

/* Three of its own intervals, within reason. */
static void test_the_heartbeat_sets_the_limit_for_silence(void **state)
{
	struct bench *bench = *state;
	struct watch *watch = &bench->sync->watch;

	go_live(bench);
	watch->beat_ms -= 10;
	fake_beat(); /* right behind the first: the opening has its own pace */
	assert_int_equal(fake.silence_ms, 150 * 1000);
	watch->beat_ms -= 20 * 1000;
	fake_beat();
	assert_in_range(fake.silence_ms, 60 * 1000, 61 * 1000);
	tell_item("INBOX", NULL);
	watch->beat_ms -= 40 * 1000; /* events say nothing of it */
	fake_beat();
	assert_in_range(fake.silence_ms, 60 * 1000, 61 * 1000);
	watch->beat_ms -= 90 * 1000;
	fake_beat();
	assert_int_equal(fake.silence_ms, 150 * 1000);
}

static void test_a_way_that_is_refused_gives_way_to_the_next(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;

	fake.subscribe_fault = (struct fake_fault){ ERR_PROTOCOL, 1, -1 };
	run_ok(bench);
	watch_tend(sync);
	assert_int_equal(sync->watch.mode, WATCH_PULL);
	watch_tend(sync);
	assert_int_equal(fake.kind, EWS_PULL);
	assert_int_equal(fake.events_calls_n, 1);
	assert_true(sync->watch.is_live);
	fake.events_fault = (struct fake_fault){ ERR_SUBSCRIPTION, 1, -1 };
	fake.subscribe_fault = (struct fake_fault){ ERR_PROTOCOL, 1, -1 };
	sync->watch.next_ms = 0;
	watch_tend(sync);
	assert_false(sync->watch.is_live);
	sync->watch.next_ms = 0;
	watch_tend(sync);
	assert_int_equal(sync->watch.mode, WATCH_POLL);
	sync->watch.again_ms = clock_boot_ms(); /* and is tried again after a while */
	watch_tend(sync);
	assert_true(ews_is_streaming(sync->ews));
}

static void test_a_silent_stream_is_a_proxys_fault_unless_all_is_silent(void **state)
{
	struct bench *bench = *state;
	struct sync *sync = bench->sync;

	run_ok(bench);
	watch_tend(sync);
	sync->watch.opened_ms -= 60 * 1000;
	watch_note_run(sync, ERR_OFFLINE);
	fake_end_stream(ERR_OFFLINE);
	watch_note_run(sync, ERR_OK);
	watch_tend(sync);
	assert_int_equal(sync->watch.mode, WATCH_STREAMING);
	sync->watch.next_ms = 0;
	watch_tend(sync);
	sync->watch.opened_ms -= 60 * 1000;
	fake_end_stream(ERR_OFFLINE);
	watch_tend(sync);
	assert_int_equal(sync->watch.mode, WATCH_PULL);
}

/* What failed is tried again in its own time, however many events come. */
static void test_events_start_nothing_while_the_server_fails(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	tell_item("INBOX", NULL);
	fake.pages_fault = (struct fake_fault){ ERR_OFFLINE, -1, -1 };
	check_err(run_whole(bench->sync), ERR_OFFLINE);
	watch_note_run(bench->sync, ERR_OFFLINE);
	tell_item("INBOX", NULL);
	assert_false(is_due(bench));
	fake.pages_fault.n = 0;
	bench->sync->due_ms = 0;
	run_ok(bench);
}

static void test_an_update_connects_anew_but_not_all_the_time(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	watch_renew(bench->sync);
	assert_false(ews_is_streaming(bench->sync->ews));
	watch_tend(bench->sync);
	assert_int_equal(fake.stream_calls_n, 2);
	fake_beat();
	watch_renew(bench->sync);
	assert_true(ews_is_streaming(bench->sync->ews));
}

/* Also while the server refuses all else: the stream is open then, and nobody connects. */
static void test_offline_closes_a_stream_whatever_the_last_run_came_to(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	watch_note_run(bench->sync, ERR_THROTTLED);
	watch_close(bench->sync);
	assert_false(ews_is_streaming(bench->sync->ews));
	assert_false(bench->sync->watch.is_live);
	run_ok(bench);
	watch_tend(bench->sync);
	fake_beat();
	assert_true(is_due(bench)); /* for all that it did not hear */
}

/* It could cost a call of the password command, and somebody waits for the unmount. */
static void test_a_subscription_is_ended_only_where_the_server_answers(void **state)
{
	struct bench *bench = *state;

	go_live(bench);
	watch_note_run(bench->sync, ERR_AUTH);
	watch_stop(bench->sync);
	assert_int_equal(fake.unsubscribe_calls_n, 0);
	watch_note_run(bench->sync, ERR_OK);
	watch_stop(bench->sync);
	assert_int_equal(fake.unsubscribe_calls_n, 1);
}

static struct bench *cancelled;
static void cancel_the_update(void)
{
	uint64_t ticket;

	check_ok(order(cancelled->sync, SYNC_CANCEL, folder_ino(cancelled, "F"), NULL, NULL,
		       &ticket));
}

/* ... and so what is left of it is done right after. */
static void test_a_run_that_an_event_began_is_no_commands_alone(void **state)
{
	struct bench *bench = *state;
	uint64_t ticket;

	fake_add_folder("F", "ROOT", "F");
	fake_add_item("A", "k", "a");
	go_live(bench);
	fake_add_page(&(struct fake_page){ "INBOX", "s0", "s1", { FAKE_CREATE("A", "k") } });
	tell_item("INBOX", NULL);
	check_ok(order(bench->sync, SYNC_UPDATE, folder_ino(bench, "F"), NULL, NULL, &ticket));
	cancelled = bench;
	fake.on_items = cancel_the_update;
	check_err(run_whole(bench->sync), ERR_CANCELLED);
	assert_true(bench->sync->is_own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		watch_test(test_an_event_lists_its_folder_and_asks_for_nothing_else),
		watch_test(test_I7_a_lost_event_is_found_by_the_next_digest),
		watch_test(test_I7_events_of_folders_that_nobody_knows_are_nothing),
		watch_test(test_a_listing_for_an_event_takes_no_newer_count_back),
		watch_test(test_a_new_folder_comes_with_its_items),
		watch_test(test_a_changed_folder_is_listed_and_its_name_looked_at_later),
		watch_test(test_single_messages_wait_but_a_moment),
		watch_test(test_a_storm_is_listed_at_growing_distances),
		watch_test(test_I9_a_trickle_of_messages_does_not_keep_a_run_from_ending),
		watch_test(test_a_folder_that_is_gone_leaves_it_to_the_digest),
		watch_test(test_events_list_no_folder_that_fails),
		watch_test(test_the_digest_is_the_poll_again_when_events_stop),
		watch_test(test_a_lost_subscription_is_made_anew),
		watch_test(test_the_heartbeat_sets_the_limit_for_silence),
		watch_test(test_a_way_that_is_refused_gives_way_to_the_next),
		watch_test(test_a_silent_stream_is_a_proxys_fault_unless_all_is_silent),
		watch_test(test_events_start_nothing_while_the_server_fails),
		watch_test(test_an_update_connects_anew_but_not_all_the_time),
		watch_test(test_offline_closes_a_stream_whatever_the_last_run_came_to),
		watch_test(test_a_subscription_is_ended_only_where_the_server_answers),
		watch_test(test_a_run_that_an_event_began_is_no_commands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
