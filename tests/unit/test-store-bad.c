/* SPDX-License-Identifier: MIT */
#include "test-store.h"

/* Items that the server cannot deliver, and numbers that no server should state. */

static void quarantine(struct txn *txn, int64_t row, const struct item *item, const char *name)
{
	check_ok(store_queue_fetch(txn, row, "K1", FETCH_DELTA));
	check_ok(store_put_quarantine(txn, row, item, name, "conversion failed", 5000));
}

/* All that is known of an item whose GetItem failed. */
static struct item bare_item(const char *id, enum item_kind kind)
{
	struct item item;

	item_init(&item);
	item.id = (char *)id;
	item.kind = kind;
	return item;
}

static void test_a_file_without_content_has_the_times_of_its_item(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct item_head head = { .received = T0, .modified = T0 + 60, .size = 1000 };
	struct item item = make_item("AAAA", "K1");
	AUTO(txn) struct txn txn = { 0 };
	int64_t row = 0;

	/* A read flag that nobody saw before is not a change of it. */
	item.has_message_flags = true;
	item.message_flags = MSGFLAG_READ;
	head.id = "AAAA";
	begin(&txn, b->store);
	check_ok(store_put_head(&txn, dir, &head, &row));
	quarantine(&txn, row, &item, "mail.eml");
	/* Where nothing but its kind is known, that tells what its time is. */
	item = bare_item("BBBB", KIND_CONTACT);
	head.id = item.id;
	head.kind = item.kind;
	check_ok(store_put_head(&txn, dir, &head, &row));
	quarantine(&txn, row, &item, "card.vcf");
	commit(&txn);
	struct store_node mail = look(b->store, dir, "mail.eml");
	assert_int_equal(mail.mtime_ns, T0 * NS_PER_S);
	assert_int_equal(mail.ctime_ns, (T0 + 60) * NS_PER_S);
	assert_null(strstr(buf_str(&b->news), "attr 0 - 3")); /* added, and nothing else */
	assert_int_equal(look(b->store, dir, "card.vcf").mtime_ns, (T0 + 60) * NS_PER_S);
}

static void test_a_ghost_has_no_file_but_the_content_it_had(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	int64_t held = deliver(b->store, dir, "AAAA", "K1", "held.eml", "hello");
	struct item item = bare_item("BBBB", KIND_MESSAGE);
	struct store_node node;
	AUTO(txn) struct txn txn = { 0 };

	begin(&txn, b->store);
	int64_t hollow = put_head(&txn, dir, "BBBB");
	quarantine(&txn, hollow, &item, "hollow.eml");
	commit(&txn);
	begin(&txn, b->store);
	check_ok(store_put_ghost(&txn, held));
	check_ok(store_put_ghost(&txn, hollow));
	commit(&txn);
	check_text(b->store, look(b->store, dir, "held.eml").ino, "hello");
	check_err(store_find_entry(b->store, dir, "hollow.eml", &node), ERR_NOT_FOUND);
	struct store_tally t = tally(b->store, dir, false);
	assert_int_equal(t.items_n, 1);
	assert_int_equal(t.bytes, 5);
	assert_int_equal(t.quarantined_n, 0);
	/* Announced again, it is as new. */
	begin(&txn, b->store);
	check_ok(store_queue_fetch(&txn, hollow, "K2", FETCH_DELTA));
	commit(&txn);
	assert_int_equal(tally(b->store, dir, false).pending_n, 1);
	assert_int_equal(tally(b->store, dir, false).items_n, 1);
}

/* Anything larger than a file can be is as good as that. */
static void test_I9_sizes_that_no_item_has_do_not_upset_the_counts(void **state)
{
	struct bench *b = *state;
	struct item item = make_item("CCCC", "K1");
	struct item_head head = { .id = "AAAA", .size = INT64_MAX };
	uint64_t one = make_folder(b->store, "F1", 1, "One"), max = UINT64_C(1) << 35;
	uint64_t two = make_folder(b->store, "F2", one, "Two");
	AUTO(txn) struct txn txn = { 0 };
	int64_t row = 0;

	begin(&txn, b->store);
	check_ok(store_put_head(&txn, one, &head, &row));
	head.id = "BBBB";
	head.size = UINT64_MAX;
	check_ok(store_put_head(&txn, two, &head, &row));
	put_head(&txn, two, "CCCC");
	head.id = "CCCC";
	check_ok(store_put_head(&txn, two, &head, &row));
	commit(&txn);
	assert_int_equal(tally(b->store, one, true).pending_bytes, 3 * max);
	item.size = UINT64_MAX;
	begin(&txn, b->store);
	quarantine(&txn, row, &item, "a.eml");
	commit(&txn);
	assert_int_equal(look(b->store, two, "a.eml").size, max);
	assert_int_equal(tally(b->store, one, true).bytes, max);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_a_file_without_content_has_the_times_of_its_item),
		bench_test(test_a_ghost_has_no_file_but_the_content_it_had),
		bench_test(test_I9_sizes_that_no_item_has_do_not_upset_the_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
