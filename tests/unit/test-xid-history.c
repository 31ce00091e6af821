/* SPDX-License-Identifier: MIT */
#include "check.h"

#include "model/xid_history.h"

#define A "\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1\xa1"
#define B "\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2\xb2"

struct version {
	const char *key, *list;
	size_t key_n, list_n;
};
#define V(key, list) ((struct version){ key, list, sizeof(key) - 1, sizeof(list) - 1 })

static void open_version(const struct version *version, struct buf *key, struct buf *list)
{
	check_ok(buf_append(key, version->key, version->key_n));
	check_ok(buf_append(list, version->list, version->list_n));
}

static enum verdict meet(struct xid_history *history, bool was_regressed, struct version version)
{
	AUTO(buf) struct buf key = { 0 }, list = { 0 };

	open_version(&version, &key, &list);
	enum verdict verdict = xid_diagnose(history, was_regressed, &key, &list);
	xid_history_note(history, &key, &list);
	return verdict;
}

/* The verdicts on versions that come one after the other: one letter each. */
static void check_story(const char *verdicts, const struct version *versions)
{
	static const char letters[] = "oruk";
	struct xid_history history = { 0 };
	enum verdict verdict = VERDICT_OK;

	for (size_t i = 0; verdicts[i]; i++) {
		verdict = meet(&history, verdict == VERDICT_REGRESSED, versions[i]);
		if (letters[verdict] != verdicts[i])
			fail_msg("version %zu of %s is %s", i, verdicts, verdict_text(verdict));
	}
}

static void test_a_key_that_falls_is_regressed_until_it_is_back(void **state)
{
	(void)state;

	check_story("oorrooo", (struct version[]){
				       V(A "\x00\x05", "\x12" A "\x00\x05"),
				       V(A "\x00\x09", "\x12" A "\x00\x09"),
				       V(A "\x00\x03", "\x12" A "\x00\x03"),
				       V(A "\x00\x08", "\x12" A "\x00\x08"),
				       V(A "\x00\x09", "\x12" A "\x00\x09"),
				       V(A "\x01\x00", "\x12" A "\x01\x00"),
				       V(A "\x01\x00", "\x12" A "\x01\x00"),
			       });
}

static void test_a_list_that_lacks_an_entry_is_regressed(void **state)
{
	(void)state;

	check_story("orro", (struct version[]){
				    V(A "\x05", "\x11" A "\x05\x11" B "\x07"),
				    V(A "\x06", "\x11" A "\x06"),
				    V(A "\x06", "\x11" A "\x06"), /* the same again: of a clear */
				    V(A "\x07", "\x11" A "\x07\x11" B "\x07"),
			    });
	check_story("oro", (struct version[]){
				   V(A "\x05", "\x11" A "\x05\x11" B "\x07"),
				   V(A "\x06", "\x11" A "\x06\x11" B "\x06"),
				   V(A "\x07", "\x11" A "\x07\x11" B "\x08"),
			   });
}

static void test_a_new_guid_is_nothing_special(void **state)
{
	(void)state;

	check_story("oo", (struct version[]){
				  V(A "\x05", "\x11" A "\x05"),
				  V(B "\x01", "\x11" A "\x05\x11" B "\x01"),
			  });
}

static void test_what_cannot_be_compared_is_unknown(void **state)
{
	(void)state;

	check_story("ok", (struct version[]){
				  V(A "\x05", "\x11" A "\x05"),
				  V(A "\x00\x04", "\x12" A "\x00\x04"),
			  });
	/* A torn list hides nothing that was seen before it. */
	check_story("okr", (struct version[]){
				   V(A "\x05", "\x11" A "\x05\x11" B "\x07"),
				   V(A "\x06", "\x55" A),
				   V(A "\x07", "\x11" A "\x07"),
			   });
	check_story("kkr", (struct version[]){
				   V("", ""),
				   V(A "\x05", ""),
				   V(A "\x04", ""),
			   });
}

static void test_uncovered_needs_no_history_and_yields_to_regressed(void **state)
{
	(void)state;

	check_story("uuo", (struct version[]){
				   V(A "\x05", "\x11" A "\x04"),
				   V(A "\x06", "\x11" A "\x05"),
				   V(A "\x07", "\x11" A "\x07"),
			   });
	check_story("or", (struct version[]){
				  V(A "\x05", "\x11" A "\x05"),
				  V(A "\x06", "\x11" B "\x01"),
			  });
}

static void test_a_history_survives_being_written(void **state)
{
	AUTO(buf) struct buf key = { 0 }, list = { 0 }, high = { 0 }, seen = { 0 };
	struct xid_history history = { 0 }, again = { 0 };
	(void)state;

	open_version(&V(A "\x05", "\x11" B "\x07\x12" A "\x00\x09"), &key, &list);
	xid_history_note(&history, &key, &list);
	assert_int_equal(history.high_n, 3);
	check_ok(xid_print_run(history.high, history.high_n, &high));
	check_ok(xid_print_run(history.seen.entries, history.seen.n, &seen));
	xid_history_take_high(&again, high.bytes, high.len);
	xid_history_take_seen(&again, seen.bytes, seen.len);
	assert_true(xid_history_equal(&history, &again));
	assert_int_equal(again.seen.n, 2);
	xid_history_take_high(&again, "\x55" A, 17);
	assert_true(xid_history_equal(&history, &again));
}

static void test_a_history_is_bounded(void **state)
{
	struct xid_history history = { 0 };
	(void)state;

	for (int i = 0; i <= XID_HIGH_MAX; i++) {
		AUTO(buf) struct buf key = { 0 };
		check_ok(buf_printf(&key, "%016dx", i));
		xid_history_note(&history, &key, &(struct buf){ 0 });
	}
	assert_int_equal(history.high_n, XID_HIGH_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_key_that_falls_is_regressed_until_it_is_back),
		cmocka_unit_test(test_a_list_that_lacks_an_entry_is_regressed),
		cmocka_unit_test(test_a_new_guid_is_nothing_special),
		cmocka_unit_test(test_what_cannot_be_compared_is_unknown),
		cmocka_unit_test(test_uncovered_needs_no_history_and_yields_to_regressed),
		cmocka_unit_test(test_a_history_survives_being_written),
		cmocka_unit_test(test_a_history_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
