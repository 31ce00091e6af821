/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>

#include "ctl/listing.h"

static void add(struct listing *listing, const char *name, uint64_t ino, int64_t ctime_ns,
		bool is_dir, bool is_read)
{
	const struct line line = { (char *)name, ino, ctime_ns, is_dir, is_read };

	check_ok(listing_add(listing, &line));
}

static enum err note(void *ctx, enum change change, const struct line *line)
{
	return buf_printf(ctx, "%s %s%s; ", change_text(change), line->name,
			  line->is_dir ? "/" : "");
}

static void check_story(struct listing *before, struct listing *after, const char *expected)
{
	AUTO(buf) struct buf story = { 0 };

	listing_sort(before);
	listing_sort(after);
	check_ok(listing_compare(before, after, note, &story));
	assert_string_equal(buf_str(&story), expected);
	listing_release(before);
	listing_release(after);
}

static void test_each_change_is_told_once(void **state)
{
	struct listing before = { 0 }, after = { 0 };
	(void)state;

	add(&before, "same", 1, 10, false, true);
	add(&after, "same", 1, 10, false, true);
	add(&before, "gone", 2, 10, false, true);
	add(&after, "come", 3, 10, false, false);
	add(&before, "content", 4, 10, false, true);
	add(&after, "content", 5, 11, false, true);
	add(&before, "property", 6, 10, false, true);
	add(&after, "property", 6, 11, false, true);
	add(&before, "flag", 7, 10, false, true);
	add(&after, "flag", 7, 11, false, false);
	add(&before, "zboth", 8, 10, false, false);
	add(&after, "zboth", 9, 11, false, true);
	check_story(&before, &after,
		    "new come; changed content; unread flag; removed gone; changed property; "
		    "changed zboth; read zboth; ");
}

static void test_directories_come_and_go_and_say_nothing_of_their_times(void **state)
{
	struct listing before = { 0 }, after = { 0 };
	(void)state;

	add(&before, "a", 1, 10, true, false);
	add(&after, "a", 1, 11, true, false);
	add(&before, "b", 2, 10, true, false);
	add(&after, "b", 3, 10, true, false);
	add(&before, "c", 4, 10, true, false);
	add(&after, "d", 5, 10, true, false);
	check_story(&before, &after, "removed b/; new b/; removed c/; new d/; ");
	check_story(&before, &after, "");
}

static void test_what_is_packed_comes_back_and_torn_bytes_are_refused(void **state)
{
	AUTO(listing) struct listing listing = { 0 };
	AUTO(buf) struct buf packed = { 0 };
	(void)state;

	add(&listing, "a name", 1, -5, false, true);
	add(&listing, "b", UINT64_MAX, INT64_MAX, true, false);
	check_ok(listing_pack(&listing, &packed));
	for (size_t n = 0; n <= packed.len; n++) {
		AUTO(listing) struct listing back = { 0 };
		const struct buf part = { packed.bytes, n, n };
		enum err err = listing_unpack(&part, &back);
		assert_true(err == ERR_OK || err == ERR_DAMAGED);
		if (n == packed.len)
			assert_int_equal(back.n, 2);
	}
	AUTO(listing) struct listing back = { 0 };
	check_ok(listing_unpack(&packed, &back));
	assert_string_equal(back.lines[0].name, "a name");
	assert_true(back.lines[0].ctime_ns == -5 && back.lines[0].is_read && back.lines[1].is_dir);
}

/* Listings are replaced for ever; what lies on the shelf stays what is wanted. */
static void test_a_shelf_stays_as_small_as_what_is_on_it(void **state)
{
	AUTO(shelf) struct shelf shelf = { .spool.dir = "/tmp" };
	struct place kept, place = { 0 };
	unsigned moves_n = 0;
	char name[64];
	(void)state;

	struct listing small = { 0 };
	add(&small, "kept", 7, 7, false, false);
	check_ok(shelf_put(&shelf, &small, &kept));
	listing_release(&small);
	for (unsigned round = 0; round < 50; round++) {
		AUTO(listing) struct listing listing = { 0 };
		for (unsigned i = 0; i < 2000; i++) {
			snprintf(name, sizeof(name), "a name of some length %u of %u", i, round);
			add(&listing, name, i, round, false, false);
		}
		shelf_drop(&shelf, &place);
		check_ok(shelf_put(&shelf, &listing, &place));
		if (!shelf_is_wasteful(&shelf))
			continue;
		struct shelf fresh = { .spool.dir = "/tmp" };
		check_ok(shelf_move(&shelf, &fresh, &kept));
		check_ok(shelf_move(&shelf, &fresh, &place));
		shelf_release(&shelf);
		shelf = fresh;
		moves_n++;
		assert_false(shelf_is_wasteful(&shelf));
	}
	assert_in_range(moves_n, 1, 49);
	AUTO(listing) struct listing back = { 0 };
	check_ok(shelf_load(&shelf, &kept, &back));
	assert_string_equal(back.lines[0].name, "kept");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_change_is_told_once),
		cmocka_unit_test(test_directories_come_and_go_and_say_nothing_of_their_times),
		cmocka_unit_test(test_what_is_packed_comes_back_and_torn_bytes_are_refused),
		cmocka_unit_test(test_a_shelf_stays_as_small_as_what_is_on_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
