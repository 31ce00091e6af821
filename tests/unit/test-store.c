/* SPDX-License-Identifier: MIT */
#include "test-store.h"

/* Items: what comes in, what is shown, what the kernel side hears. */

static void check_same_node(const struct store_node *a, const struct store_node *b)
{
	assert_int_equal(a->ino, b->ino);
	assert_int_equal(a->size, b->size);
	assert_int_equal(a->mtime_ns, b->mtime_ns);
	assert_int_equal(a->ctime_ns, b->ctime_ns);
}

static void test_an_item_appears_with_its_content(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	buf_clear(&b->news);
	deliver(b->store, dir, "AAAA", "BBBB", "a.eml", "hello");
	struct store_node node = look(b->store, dir, "a.eml");
	assert_int_equal(node.size, 5);
	assert_false(node.is_dir || node.is_buried);
	assert_int_equal(node.mtime_ns, T0 * NS_PER_S);
	assert_int_equal(node.ctime_ns, (T0 + 60) * NS_PER_S);
	check_text(b->store, node.ino, "hello");
	assert_string_equal(buf_str(&b->news), "added 2 a.eml 3\ndir 0 - 2\n");
	check_attr(b->store, node.ino, ATTR_ITEM_ID, "AAAA");
	check_attr(b->store, node.ino, ATTR_CHANGE_KEY, "BBBB");
	check_attr(b->store, node.ino, ATTR_PARENT_FOLDER_ID, "F1");
	check_attr(b->store, node.ino, ATTR_SUBJECT, "Lanterns");
	check_attr(b->store, node.ino, ATTR_IS_READ, "false");
	check_attr(b->store, node.ino, ATTR_MODIFIED, "2024-01-30T10:16:12Z");
	check_attr(b->store, node.ino, ATTR_SIZE, "1000");
	check_attr(b->store, node.ino, ATTR_SYNC, "ok");
	check_attr(b->store, node.ino, ATTR_ERROR, "-");
	check_attr(b->store, dir, ATTR_FOLDER_ID, "F1");
	check_attr(b->store, dir, ATTR_DISPLAY_NAME, "Inbox");
}

static void test_I1_a_transaction_that_is_let_go_leaves_nothing(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct store_node before, after;
	struct store_node node;
	char *value = NULL;

	check_ok(store_load_node(b->store, dir, &before));
	buf_clear(&b->news);
	{
		AUTO(txn) struct txn txn = { 0 };
		struct item item = make_item("AAAA", "BBBB");
		begin(&txn, b->store);
		int64_t row = put_head(&txn, dir, "AAAA");
		check_ok(store_queue_fetch(&txn, row, NULL, FETCH_DELTA));
		put_text(&txn, row, &item, "a.eml", "hello");
		put_folder(&txn, "F2", dir, "Sub");
		check_ok(store_put_folder_state(&txn, dir, "c3RhdGU="));
		check_ok(store_put_value(&txn, "hierarchy_state", "x"));
	}
	assert_string_equal(buf_str(&b->news), "");
	check_err(store_find_entry(b->store, dir, "a.eml", &node), ERR_NOT_FOUND);
	check_err(store_find_entry(b->store, dir, "Sub", &node), ERR_NOT_FOUND);
	check_err(store_load_value(b->store, "hierarchy_state", &value), ERR_NOT_FOUND);
	check_attr(b->store, dir, ATTR_SYNC_STATE, "-");
	check_ok(store_load_node(b->store, dir, &after));
	check_same_node(&before, &after);
	assert_int_equal(tally(b->store, 1, true).known_n, 0);
	/* And the next one is not hurt. */
	deliver(b->store, dir, "AAAA", "BBBB", "a.eml", "hello");
	check_text(b->store, look(b->store, dir, "a.eml").ino, "hello");
}

static void test_I1_page_queue_and_sync_state_commit_together(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(store) struct store *reader = NULL;
	AUTO(txn) struct txn txn = { 0 };
	struct item_row row = { 0 };
	uint64_t n = 7;
	int64_t due;

	check_ok(store_open(b->path, STORE_READER, &reader, NULL));
	begin(&txn, b->store);
	check_ok(store_queue_fetch(&txn, put_head(&txn, dir, "AAAA"), "BBBB", FETCH_DELTA));
	check_ok(store_put_folder_state(&txn, dir, "c3RhdGU="));
	/* Another sees all of it or nothing. */
	check_err(store_find_item(reader, "AAAA", &row), ERR_NOT_FOUND);
	check_attr(reader, dir, ATTR_SYNC_STATE, "-");
	check_ok(store_load_queue(reader, &due, &n));
	assert_int_equal(n, 0);
	commit(&txn);
	check_ok(store_find_item(reader, "AAAA", &row));
	assert_true(row.is_queued);
	check_attr(reader, dir, ATTR_SYNC_STATE, "c3RhdGU=");
	check_ok(store_load_queue(reader, &due, &n));
	assert_int_equal(n, 1);
	item_row_release(&row);
}

static void test_I2_other_bytes_are_another_inode_and_the_old_one_answers_on(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	deliver(b->store, dir, "AAAA", "K1", "a.eml", "one");
	uint64_t old = look(b->store, dir, "a.eml").ino;
	buf_clear(&b->news);
	deliver(b->store, dir, "AAAA", "K2", "a.eml", "three");
	struct store_node now = look(b->store, dir, "a.eml"), grave;
	assert_int_not_equal(now.ino, old);
	check_text(b->store, now.ino, "three");
	check_text(b->store, old, "one");
	check_ok(store_load_node(b->store, old, &grave));
	assert_true(grave.is_buried);
	assert_int_equal(grave.size, 3);
	check_attr(b->store, old, ATTR_CHANGE_KEY, "K1");
	check_attr(b->store, old, ATTR_ITEM_ID, "AAAA");
	check_attr(b->store, old, ATTR_SUBJECT, "Lanterns");
	check_attr(b->store, now.ino, ATTR_CHANGE_KEY, "K2");
	assert_string_equal(buf_str(&b->news), "buried 0 - 3\nswapped 2 a.eml 4\ndir 0 - 2\n");
	assert_int_equal(tally(b->store, dir, false).bytes, 5);
}

static void test_I2_equal_bytes_keep_the_inode(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");

	deliver(b->store, dir, "AAAA", "K1", "a.eml", "one");
	struct store_node old = look(b->store, dir, "a.eml"), dir_old, dir_new;
	check_ok(store_load_node(b->store, dir, &dir_old));
	buf_clear(&b->news);
	deliver(b->store, dir, "AAAA", "K2", "a.eml", "one");
	struct store_node now = look(b->store, dir, "a.eml");
	check_ok(store_load_node(b->store, dir, &dir_new));
	check_same_node(&old, &now);
	check_same_node(&dir_old, &dir_new);
	check_attr(b->store, now.ino, ATTR_CHANGE_KEY, "K2");
	assert_string_equal(buf_str(&b->news), "attr 0 - 3\n");
	/* Under another name it is another entry of the same inode. */
	buf_clear(&b->news);
	deliver(b->store, dir, "AAAA", "K3", "b.eml", "one");
	assert_int_equal(look(b->store, dir, "b.eml").ino, old.ino);
	assert_string_equal(buf_str(&b->news),
			    "removed 2 a.eml 3\nadded 2 b.eml 3\nattr 0 - 3\ndir 0 - 2\n");
}

static void test_I4_sizes_are_exact(void **state)
{
	struct bench *b = *state;
	static const size_t sizes[] = { 0, 1, 131071, 131072, 131073, 262144, 1 << 20, 3000000 };
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(str) char *bytes = malloc(3000000);

	for (size_t i = 0; i < 3000000; i++)
		bytes[i] = (char)(i * 2654435761u >> 13);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		AUTO(txn) struct txn txn = { 0 };
		AUTO(spool) struct spool spool = { .dir = b->dir };
		AUTO(buf) struct buf got = { 0 };
		char id[16], name[16];
		snprintf(id, sizeof(id), "id-%zu", i);
		snprintf(name, sizeof(name), "%zu.eml", i);
		struct item item = make_item(id, "K");
		begin(&txn, b->store);
		check_ok(spool_append(&spool, bytes, sizes[i]));
		check_ok(store_put_content(&txn, put_head(&txn, dir, id), &item, name, VERDICT_OK,
					   &spool));
		commit(&txn);
		struct store_node node = look(b->store, dir, name);
		assert_int_equal(node.size, sizes[i]);
		check_ok(store_read_content(b->store, node.ino, 0, SIZE_MAX, &got));
		assert_int_equal(got.len, sizes[i]);
		assert_true(sizes[i] == 0 || memcmp(got.bytes, bytes, sizes[i]) == 0);
		for (size_t at = 0; at <= sizes[i] + 1; at += 70001) {
			buf_clear(&got);
			check_ok(store_read_content(b->store, node.ino, at, 140000, &got));
			size_t left = at < sizes[i] ? sizes[i] - at : 0;
			assert_int_equal(got.len, left < 140000 ? left : 140000);
			assert_true(got.len == 0 || memcmp(got.bytes, bytes + at, got.len) == 0);
		}
		buf_clear(&got);
		check_ok(store_read_content(b->store, node.ino, UINT64_MAX, SIZE_MAX, &got));
		assert_int_equal(got.len, 0);
	}
}

static void test_flags_move_ctime_only_and_never_backwards(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(txn) struct txn txn = { 0 };
	int64_t start = clock_wall_ns();

	deliver(b->store, dir, "AAAA", "K1", "a.eml", "one");
	assert_int_equal(tally(b->store, dir, false).unread_n, 1);
	struct store_node old = look(b->store, dir, "a.eml");
	buf_clear(&b->news);
	begin(&txn, b->store);
	check_ok(store_put_read_flag(&txn, "AAAA", true));
	check_ok(store_put_read_flag(&txn, "nobody", true));
	commit(&txn);
	struct store_node now = look(b->store, dir, "a.eml");
	assert_int_equal(now.ino, old.ino);
	assert_int_equal(now.mtime_ns, old.mtime_ns);
	assert_true(now.ctime_ns >= start);
	assert_string_equal(buf_str(&b->news), "attr 0 - 3\n");
	check_attr(b->store, now.ino, ATTR_IS_READ, "true");
	assert_int_equal(tally(b->store, dir, false).unread_n, 0);
	/* A page with an older time, and the same flag again: nothing moves back. */
	begin(&txn, b->store);
	check_ok(store_put_read_flag(&txn, "AAAA", true));
	struct item_head head = {
		.id = "AAAA", .has_read = true, .is_read = true, .received = T0, .modified = T0 + 90
	};
	int64_t row;
	check_ok(store_put_head(&txn, dir, &head, &row));
	commit(&txn);
	assert_int_equal(look(b->store, dir, "a.eml").ctime_ns, now.ctime_ns);
	check_attr(b->store, now.ino, ATTR_MODIFIED, "2024-01-30T10:16:42Z");
	check_attr(b->store, now.ino, ATTR_SIZE, "1000");
}

static void test_times_follow_the_rule(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(txn) struct txn txn = { 0 };
	struct item draft = make_item("draft", "K"), card = make_item("card", "K");
	struct item bare = make_item("bare", "K");

	draft.has_message_flags = true;
	draft.message_flags = MSGFLAG_UNSENT;
	card.item_class = (char *)"IPM.Contact";
	card.kind = KIND_CONTACT;
	bare.received = bare.modified = TIME_NONE;
	deliver(b->store, dir, "mail", "K", "mail", "x");
	begin(&txn, b->store);
	put_text(&txn, put_head(&txn, dir, "draft"), &draft, "draft", "x");
	put_text(&txn, put_head(&txn, dir, "card"), &card, "card", "x");
	int64_t row;
	check_ok(store_put_head(
		&txn, dir,
		&(struct item_head){ .id = "bare", .received = TIME_NONE, .modified = TIME_NONE },
		&row));
	put_text(&txn, row, &bare, "bare", "x");
	commit(&txn);
	assert_int_equal(look(b->store, dir, "mail").mtime_ns, T0 * NS_PER_S);
	assert_int_equal(look(b->store, dir, "draft").mtime_ns, (T0 + 60) * NS_PER_S);
	assert_int_equal(look(b->store, dir, "card").mtime_ns, (T0 + 60) * NS_PER_S);
	assert_int_equal(look(b->store, dir, "bare").mtime_ns, 0);
	/* A page names a later version: its time comes with its bytes. */
	begin(&txn, b->store);
	struct item_head later = {
		.id = "card", .kind = KIND_CONTACT, .received = T0, .modified = T0 + 90
	};
	check_ok(store_put_head(&txn, dir, &later, &row));
	commit(&txn);
	assert_int_equal(look(b->store, dir, "card").mtime_ns, (T0 + 60) * NS_PER_S);
	assert_int_equal(look(b->store, dir, "card").ctime_ns, (T0 + 90) * NS_PER_S);
	/* A refusal tells nothing of the class: the time stays. */
	begin(&txn, b->store);
	card.item_class = NULL;
	check_ok(store_put_quarantine(&txn, put_head(&txn, dir, "card"), &card, "card", "no", 1));
	commit(&txn);
	assert_int_equal(look(b->store, dir, "card").mtime_ns, (T0 + 60) * NS_PER_S);
	check_ok(store_claim(b->store, "me@here", MTIME_MODIFIED, NULL));
	assert_int_equal(look(b->store, dir, "mail").mtime_ns, (T0 + 60) * NS_PER_S);
	deliver(b->store, dir, "late", "K", "late", "x");
	assert_int_equal(look(b->store, dir, "late").mtime_ns, (T0 + 60) * NS_PER_S);
	check_ok(store_claim(b->store, "me@here", MTIME_RECEIVED, NULL));
	assert_int_equal(look(b->store, dir, "late").mtime_ns, T0 * NS_PER_S);
	assert_int_equal(look(b->store, dir, "card").mtime_ns, (T0 + 60) * NS_PER_S);
}

static void test_a_dropped_item_is_a_grave_until_it_is_purged(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox"), inos[4];
	AUTO(txn) struct txn txn = { 0 };
	struct store_node node;
	size_t n = 9;

	deliver(b->store, dir, "AAAA", "K1", "a.eml", "one");
	uint64_t ino = look(b->store, dir, "a.eml").ino;
	buf_clear(&b->news);
	drop(b->store, "AAAA");
	drop(b->store, "AAAA");
	assert_string_equal(buf_str(&b->news), "buried 0 - 3\nremoved 2 a.eml 3\ndir 0 - 2\n");
	check_err(store_find_entry(b->store, dir, "a.eml", &node), ERR_NOT_FOUND);
	check_text(b->store, ino, "one");
	check_attr(b->store, ino, ATTR_PARENT_FOLDER_ID, "F1");
	assert_int_equal(tally(b->store, dir, false).known_n, 0);
	check_ok(store_load_graves(b->store, clock_wall_ns() - NS_PER_S * 600, 4, inos, &n));
	assert_int_equal(n, 0);
	check_ok(store_load_graves(b->store, INT64_MAX, 4, inos, &n));
	assert_int_equal(n, 1);
	assert_int_equal(inos[0], ino);
	begin(&txn, b->store);
	check_ok(store_purge_grave(&txn, ino));
	check_ok(store_purge_grave(&txn, ino));
	check_ok(store_purge_grave(&txn, dir)); /* is none */
	commit(&txn);
	check_err(store_load_node(b->store, ino, &node), ERR_NOT_FOUND);
	check_err(store_read_content(b->store, ino, 0, 9, &b->news), ERR_NOT_FOUND);
	check_ok(store_load_node(b->store, dir, &node));
	check_ok(store_shrink(b->store));
	/* Its number is never given again. */
	deliver(b->store, dir, "BBBB", "K1", "b.eml", "one");
	assert_true(look(b->store, dir, "b.eml").ino > ino);
}

static void test_what_the_server_cannot_deliver_is_a_file_that_fails(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	AUTO(txn) struct txn txn = { 0 };
	AUTO(buf) struct buf bytes = { 0 };
	struct item_row row = { 0 };
	struct item item = make_item("AAAA", NULL);

	begin(&txn, b->store);
	int64_t r = put_head(&txn, dir, "AAAA");
	check_ok(store_queue_fetch(&txn, r, "K1", FETCH_DELTA));
	check_ok(store_put_quarantine(&txn, r, &item, "a.eml", "conversion failed", 5000));
	commit(&txn);
	struct store_node node = look(b->store, dir, "a.eml");
	assert_int_equal(node.size, 1000);
	check_err(store_read_content(b->store, node.ino, 0, 10, &bytes), ERR_BAD_ITEM);
	check_attr(b->store, node.ino, ATTR_SYNC, "error");
	check_attr(b->store, node.ino, ATTR_ERROR, "conversion failed");
	check_ok(store_find_item(b->store, "AAAA", &row));
	assert_int_equal(row.state, ITEM_QUARANTINED);
	assert_string_equal(row.change_key, "K1");
	assert_true(row.is_queued);
	item_row_release(&row);
	struct store_tally t = tally(b->store, dir, false);
	assert_int_equal(t.quarantined_n, 1);
	assert_int_equal(t.pending_n, 0);
	assert_int_equal(t.items_n, 1);
	/* Then it can. */
	deliver(b->store, dir, "AAAA", "K1", "a.eml", "");
	check_text(b->store, look(b->store, dir, "a.eml").ino, "");
	check_attr(b->store, look(b->store, dir, "a.eml").ino, ATTR_ERROR, "-");
	check_err(store_read_content(b->store, node.ino, 0, 10, &bytes), ERR_BAD_ITEM);
	assert_int_equal(tally(b->store, dir, false).quarantined_n, 0);
	/* Then again not: the content stays. */
	begin(&txn, b->store);
	check_ok(store_put_quarantine(&txn, r, &item, "a.eml", "again", 5000));
	commit(&txn);
	check_text(b->store, look(b->store, dir, "a.eml").ino, "");
	check_attr(b->store, look(b->store, dir, "a.eml").ino, ATTR_ERROR, "again");
	/* Whatever the server says, the attribute is one short line. */
	char words[300] = "two\nlines ", line[300] = "two lines ";
	memset(words + 10, 'x', 245);
	memset(line + 10, 'x', 245);
	begin(&txn, b->store);
	check_ok(store_put_quarantine(&txn, r, &item, "a.eml", words, 5000));
	commit(&txn);
	check_attr(b->store, look(b->store, dir, "a.eml").ino, ATTR_ERROR, line);
	words[255] = 'x';
	strcpy(line + 252, "\xE2\x80\xA6");
	begin(&txn, b->store);
	check_ok(store_put_quarantine(&txn, r, &item, "a.eml", words, 5000));
	commit(&txn);
	check_attr(b->store, look(b->store, dir, "a.eml").ino, ATTR_ERROR, line);
}

static void test_a_name_clash_is_quarantined(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct item_row row = { 0 };
	uint64_t n;
	int64_t due;

	deliver(b->store, dir, "AAAA", "K1", "a.eml", "one");
	deliver(b->store, dir, "BBBB", "K2", "a.eml", "two");
	check_text(b->store, look(b->store, dir, "a.eml").ino, "one");
	check_ok(store_find_item(b->store, "BBBB", &row));
	assert_int_equal(row.state, ITEM_QUARANTINED);
	assert_int_equal(row.ino, 0);
	assert_string_equal(row.change_key, "K2");
	item_row_release(&row);
	check_ok(store_load_queue(b->store, &due, &n));
	assert_int_equal(n, 0);
	assert_int_equal(tally(b->store, dir, false).quarantined_n, 1);
	/* A folder takes the name from an item. */
	make_folder(b->store, "F2", dir, "a.eml");
	assert_true(look(b->store, dir, "a.eml").is_dir);
	assert_int_equal(tally(b->store, dir, false).quarantined_n, 2);
	assert_int_equal(tally(b->store, dir, false).items_n, 0);
}

static void test_a_stub_never_replaces_a_full_change_key(void **state)
{
	struct bench *b = *state;
	uint64_t dir = make_folder(b->store, "F1", 1, "Inbox");
	struct item_row row = { 0 };

	deliver(b->store, dir, "AAAA", "CQAAAA==", "a.eml", "one"); /* better than nothing */
	check_ok(store_find_item(b->store, "AAAA", &row));
	assert_string_equal(row.change_key, "CQAAAA==");
	item_row_release(&row);
	deliver(b->store, dir, "AAAA", "CQAAABYAAAB4eHh4eHh4eHh4eHh4eHh4eHh4eHg=", "a.eml", "one");
	deliver(b->store, dir, "AAAA", "CQAAAA==", "a.eml", "two");
	deliver(b->store, dir, "AAAA", NULL, "a.eml", "two");
	check_ok(store_find_item(b->store, "AAAA", &row));
	assert_string_equal(row.change_key, "CQAAABYAAAB4eHh4eHh4eHh4eHh4eHh4eHh4eHg=");
	item_row_release(&row);
}

static void test_an_item_moves_with_its_file(void **state)
{
	struct bench *b = *state;
	uint64_t one = make_folder(b->store, "F1", 1, "One");
	uint64_t two = make_folder(b->store, "F2", 1, "Two");
	AUTO(txn) struct txn txn = { 0 };
	struct store_node node;

	deliver(b->store, one, "AAAA", "K1", "a.eml", "one");
	buf_clear(&b->news);
	begin(&txn, b->store);
	put_head(&txn, two, "AAAA");
	commit(&txn);
	check_err(store_find_entry(b->store, one, "a.eml", &node), ERR_NOT_FOUND);
	check_text(b->store, look(b->store, two, "a.eml").ino, "one");
	check_attr(b->store, look(b->store, two, "a.eml").ino, ATTR_PARENT_FOLDER_ID, "F2");
	assert_int_equal(tally(b->store, one, false).known_n, 0);
	assert_int_equal(tally(b->store, two, false).items_n, 1);
	assert_string_equal(buf_str(&b->news), "removed 2 a.eml 4\nadded 3 a.eml 4\nattr 0 - 4\n"
					       "dir 0 - 2\ndir 0 - 3\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_an_item_appears_with_its_content),
		bench_test(test_I1_a_transaction_that_is_let_go_leaves_nothing),
		bench_test(test_I1_page_queue_and_sync_state_commit_together),
		bench_test(test_I2_other_bytes_are_another_inode_and_the_old_one_answers_on),
		bench_test(test_I2_equal_bytes_keep_the_inode),
		bench_test(test_I4_sizes_are_exact),
		bench_test(test_flags_move_ctime_only_and_never_backwards),
		bench_test(test_times_follow_the_rule),
		bench_test(test_a_dropped_item_is_a_grave_until_it_is_purged),
		bench_test(test_what_the_server_cannot_deliver_is_a_file_that_fails),
		bench_test(test_a_name_clash_is_quarantined),
		bench_test(test_a_stub_never_replaces_a_full_change_key),
		bench_test(test_an_item_moves_with_its_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
