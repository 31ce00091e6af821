/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include "check.h"
#include "fake-ews.h"

#include "base/log.h"
#include "mailbox/internal.h"

struct bench {
	char dir[32], path[80], log[64];
	struct account account;
	struct mailbox *mailbox;
};

static enum err open_mailbox(struct bench *bench, struct buf *reason)
{
	return mailbox_open(&bench->account, &bench->mailbox, reason);
}

static int bench_up(void **state)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	AUTO(buf) struct buf reason = { 0 };

	fake_reset();
	strcpy(bench->dir, "/var/tmp/mailbox-XXXXXX");
	assert_non_null(mkdtemp(bench->dir));
	snprintf(bench->path, sizeof(bench->path), "%s/made/for us/cache.db", bench->dir);
	snprintf(bench->log, sizeof(bench->log), "%s/log", bench->dir);
	check_ok(log_open(LOG_TO_FILE, bench->log, LOG_LEVEL_INFO));
	bench->account = (struct account){
		.url = "https://alice@Mail.Corp.example:443/EWS/Exchange.asmx",
		.cache = bench->path,
		.notify = NOTIFY_OFF,
		.poll_s = 60,
		.timeout_s = 60,
		.connections_n = 2,
		.batch_n = 3,
	};
	check_ok(open_mailbox(bench, &reason));
	*state = bench;
	return 0;
}

static int bench_down(void **state)
{
	struct bench *bench = *state;
	char command[64];

	mailbox_release(&bench->mailbox);
	log_close();
	snprintf(command, sizeof(command), "rm -rf %s", bench->dir);
	assert_int_equal(system(command), 0);
	free(bench);
	return 0;
}

#define bench_test(fn) cmocka_unit_test_setup_teardown(fn, bench_up, bench_down)

static atomic_int done_n;
static enum err done_err;

static void on_done(void *ctx, enum err err)
{
	(void)ctx;
	done_err = err;
	done_n++;
}

static enum err command(struct bench *bench, uint64_t dir, const char *line)
{
	uint64_t ticket;

	done_n = 0;
	enum err err = mailbox_command(bench->mailbox, dir, line, strlen(line), on_done, NULL,
				       &ticket);
	for (int i = 0; !err && done_n == 0 && i < 5000; i++)
		usleep(1000);
	assert_int_equal(done_n, !err);
	return err ? err : done_err;
}

/* The Inbox holds one unread item. */
static void start(struct bench *bench)
{
	AUTO(buf) struct buf reason = { 0 };

	fake_add_item("A", "k", "content");
	fake_item("A")->subject = "Lanterns";
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("A", "k") } });
	check_ok(mailbox_prepare(bench->mailbox, &reason));
	check_ok(mailbox_start(bench->mailbox, NULL, NULL));
	check_ok(command(bench, 1, "update\n"));
}

static uint64_t look(struct bench *bench, uint64_t dir, const char *name)
{
	struct mailbox_node node = { 0 };

	check_ok(mailbox_lookup(bench->mailbox, dir, name, &node));
	return node.ino;
}

/* --- answers --- */

static bool take_first(void *ctx, uint64_t offset, const char *name,
		       const struct mailbox_node *node)
{
	(void)offset;
	snprintf(ctx, 256, "%s %llu", name, (unsigned long long)node->size);
	return false;
}

static void test_the_tree_is_answered_from_the_cache(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf text = { 0 };
	struct mailbox_totals totals;
	struct mailbox_node node;
	char first[256] = "";

	start(bench);
	uint64_t inbox = look(bench, 1, "Inbox");
	check_ok(mailbox_list(bench->mailbox, inbox, 0, take_first, first));
	assert_true(strncmp(first, "2023-11-14 221320 Lanterns.", 27) == 0);
	assert_string_equal(strrchr(first, '.'), ".eml 7");
	*strrchr(first, ' ') = '\0';
	check_ok(mailbox_read(bench->mailbox, look(bench, inbox, first), 3, 100, &text));
	assert_string_equal(buf_str(&text), "tent");
	check_ok(mailbox_load_node(bench->mailbox, 1, &node));
	assert_true(node.is_dir);
	check_err(mailbox_load_node(bench->mailbox, 12345, &node), ERR_NOT_FOUND);
	check_err(mailbox_lookup(bench->mailbox, 1, "Nothing", &node), ERR_NOT_FOUND);
	check_ok(mailbox_load_totals(bench->mailbox, &totals));
	assert_int_equal(totals.files_n, 1);
	assert_int_equal(totals.bytes, 7);
}

static struct mailbox_change news[16];
static atomic_int news_n;

static void hear(void *ctx, const struct mailbox_change *change)
{
	(void)ctx;
	if (news_n < (int)ARRAY_LEN(news))
		news[news_n] = *change;
	news_n++;
}

static void test_news_come_children_first_and_without_burials(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf reason = { 0 };

	fake_add_item("A", "k", "content");
	fake_add_page(&(struct fake_page){ "INBOX", NULL, "s1", { FAKE_CREATE("A", "k") } });
	check_ok(mailbox_prepare(bench->mailbox, &reason));
	check_ok(mailbox_start(bench->mailbox, hear, NULL));
	check_ok(command(bench, 1, "update"));
	uint64_t inbox = look(bench, 1, "Inbox");
	news_n = 0;
	fake_add_page(&(struct fake_page){ "INBOX", "s1", "s2", { FAKE_DELETE("A") } });
	check_ok(command(bench, 1, "update"));
	int removed = -1, dir = -1;
	for (int i = 0; i < news_n; i++) {
		if (news[i].kind == MAILBOX_ENTRY_REMOVED && news[i].parent == inbox)
			removed = i;
		if (news[i].kind == MAILBOX_DIR_CHANGED && news[i].ino == inbox)
			dir = i;
	}
	assert_true(removed >= 0 && dir > removed);
}

static void *read_much(void *ctx)
{
	struct bench *bench = ctx;

	for (int i = 0; i < 200; i++) {
		AUTO(buf) struct buf text = { 0 };
		struct mailbox_node node;
		if (mailbox_lookup(bench->mailbox, 1, "Inbox", &node) ||
		    mailbox_print_status(bench->mailbox, 1, MAILBOX_VIEW_TEXT, &text))
			return NULL;
	}
	return ctx;
}

/* I5: more at once than there may be connections, while a command runs. */
static void test_I5_many_readers_at_once(void **state)
{
	struct bench *bench = *state;
	pthread_t threads[READERS_MAX + 8];
	void *result;

	start(bench);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_much, bench), 0);
	check_ok(command(bench, 1, "update"));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
		pthread_join(threads[i], &result);
		assert_ptr_equal(result, bench);
	}
	assert_true(bench->mailbox->eras[0].readers.open_n <= READERS_MAX);
	assert_int_equal(bench->mailbox->eras[0].readers.idle_n,
			 bench->mailbox->eras[0].readers.open_n);
}

/* --- commands --- */

static void test_command_lines(void **state)
{
	static const struct {
		const char *line;
		enum err err;
	} lines[] = {
		{ "update", ERR_OK },
		{ "update\n", ERR_OK },
		{ "  update \t\n", ERR_OK },
		{ "update tree", ERR_OK },
		{ "update nowait", ERR_OK },
		{ "update nowait tree\n", ERR_OK },
		{ "", ERR_INVALID },
		{ "\n", ERR_INVALID },
		{ "update\nupdate\n", ERR_INVALID },
		{ "update tree tree", ERR_INVALID },
		{ "update now", ERR_INVALID },
		{ "Update", ERR_INVALID },
		{ "tree update", ERR_INVALID },
		{ "resync", ERR_OK },
		{ "clear tree", ERR_OK },
		{ "verify nowait", ERR_OK },
		{ "cancel", ERR_OK },
		{ "offline", ERR_OK },
		{ "update", ERR_OFFLINE },
		{ "online nowait", ERR_OK },
		{ "update", ERR_OK },
		{ "reset", ERR_INVALID },
	};
	struct bench *bench = *state;
	char *big = calloc(1, 100001);

	start(bench);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		enum err err;
		do
			err = command(bench, 1, lines[i].line);
		while (err == ERR_BUSY); /* one without waiting may still run */
		if (err != lines[i].err)
			fail_msg("\"%s\": %s", lines[i].line, err_text(err));
	}
	memset(big, ' ', 100000);
	check_err(command(bench, 1, big), ERR_INVALID);
	check_err(command(bench, 4711, "update"), ERR_NOT_FOUND);
	uint64_t ticket;
	check_err(mailbox_command(bench->mailbox, 1, "update\0", 7, on_done, NULL, &ticket),
		  ERR_INVALID);
	free(big);
}

static void test_nowait_does_not_wait_for_a_throttling_server(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf text = { 0 };

	start(bench);
	fake.folders_fault = (struct fake_fault){ ERR_THROTTLED, -1, 3600 * 1000 };
	check_ok(command(bench, 1, "update nowait"));
	enum err err;
	do
		err = command(bench, 2, "update nowait");
	while (!err || err == ERR_BUSY);
	check_err(err, ERR_THROTTLED);
	check_ok(mailbox_print_status(bench->mailbox, 1, MAILBOX_VIEW_TEXT, &text));
	assert_non_null(strstr(buf_str(&text), "\nstate: throttled\n"));
	assert_non_null(strstr(buf_str(&text), "\nthrottled-until: 2"));
}

/* --- status --- */

static void test_the_text_is_lines_in_order(void **state)
{
	static const char *const names[] = {
		"folder",      "state",	    "items",	 "unread",    "pending",
		"quarantined", "regressed", "uncovered", "last-sync", "last-change",
		"requests",    "bytes-in",  "pid",	 "version",
	};
	struct bench *bench = *state;
	AUTO(buf) struct buf text = { 0 };
	char *rest = NULL;
	size_t n = 0;

	start(bench);
	check_ok(mailbox_print_status(bench->mailbox, 1, MAILBOX_VIEW_TEXT, &text));
	for (char *line = strtok_r(text.bytes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		char *colon = strstr(line, ": ");
		assert_non_null(colon);
		*colon = '\0';
		assert_true(n < ARRAY_LEN(names));
		assert_string_equal(line, names[n++]);
		assert_true(colon[2] != '\0');
		if (strcmp(line, "state") == 0)
			assert_string_equal(colon + 2, "idle");
		if (strcmp(line, "folder") == 0)
			assert_string_equal(colon + 2, "/");
	}
	assert_int_equal(n, ARRAY_LEN(names));
}

static void test_json_holds_the_same_with_numbers_as_numbers(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf text = { 0 };
	json_int_t items, unread, pid;
	const char *folder, *version, *last_sync;

	start(bench);
	fake_add_folder("SUB", "INBOX", "Sub");
	check_ok(command(bench, 1, "update"));
	uint64_t sub = look(bench, look(bench, 1, "Inbox"), "Sub");
	check_ok(mailbox_print_status(bench->mailbox, sub, MAILBOX_VIEW_JSON, &text));
	json_t *object = json_loads(buf_str(&text), 0, NULL);
	assert_non_null(object);
	assert_int_equal(json_unpack(object, "{s:s,s:I,s:I,s:I,s:s,s:s}", "folder", &folder,
				     "items", &items, "unread", &unread, "pid", &pid, "version",
				     &version, "last-sync", &last_sync),
			 0);
	assert_string_equal(folder, "/Inbox/Sub");
	assert_int_equal(items, 0);
	assert_int_equal(pid, getpid());
	assert_string_equal(version, EWSFS_VERSION);
	assert_null(json_object_get(object, "last-error"));
	json_decref(object);
}

static void test_a_folder_speaks_of_its_own_trouble(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf folder = { 0 }, other = { 0 }, root = { 0 };

	start(bench);
	fake_add_folder("CLOSED", "ROOT", "Closed")->err = ERR_DENIED;
	check_ok(command(bench, 1, "update"));
	uint64_t ino = look(bench, 1, "Closed");
	check_err(command(bench, ino, "update"), ERR_DENIED);
	check_ok(mailbox_print_status(bench->mailbox, ino, MAILBOX_VIEW_TEXT, &folder));
	assert_non_null(strstr(buf_str(&folder), "\nstate: error\n"));
	assert_non_null(strstr(buf_str(&folder), "\nlast-error: server refused access\n"));
	check_ok(mailbox_print_status(bench->mailbox, look(bench, 1, "Inbox"), MAILBOX_VIEW_TEXT,
				      &other));
	assert_non_null(strstr(buf_str(&other), "\nstate: idle\n"));
	check_ok(mailbox_print_status(bench->mailbox, 1, MAILBOX_VIEW_TEXT, &root));
	assert_non_null(strstr(buf_str(&root), "\nstate: idle\n"));
}

static void test_metrics_are_prometheus_text(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf text = { 0 };
	char *rest = NULL;

	start(bench);
	check_ok(mailbox_print_status(bench->mailbox, 1, MAILBOX_VIEW_METRICS, &text));
	assert_non_null(strstr(buf_str(&text), "\newsfs_items 1\n"));
	assert_non_null(strstr(buf_str(&text), "\newsfs_state{state=\"idle\"} 1\n"));
	assert_non_null(strstr(buf_str(&text), "{operation=\"GetItem\",result=\"ok\"} 3\n"));
	assert_non_null(strstr(buf_str(&text), "{operation=\"GetItem\",le=\"0.005\"} 1\n"));
	assert_non_null(strstr(buf_str(&text), "{operation=\"GetItem\",le=\"+Inf\"} 3\n"));
	assert_non_null(strstr(buf_str(&text), "_sum{operation=\"GetItem\"} 123.456\n"));
	for (char *line = strtok_r(text.bytes, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		assert_true(strncmp(line, "# HELP ewsfs_", 13) == 0 ||
			    strncmp(line, "# TYPE ewsfs_", 13) == 0 ||
			    strncmp(line, "ewsfs_", 6) == 0);
}

/* --- the cache --- */

static void test_the_cache_belongs_to_user_and_host(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf reason = { 0 };

	mailbox_release(&bench->mailbox);
	bench->account.url = "https://mail.corp.EXAMPLE/other";
	bench->account.user = "alice";
	check_ok(open_mailbox(bench, &reason));
	mailbox_release(&bench->mailbox);
	bench->account.user = "bob";
	check_err(open_mailbox(bench, &reason), ERR_OTHER_OWNER);
	assert_non_null(strstr(buf_str(&reason), "alice@mail.corp.example"));
	assert_non_null(strstr(buf_str(&reason), "bob@mail.corp.example"));
}

static void test_a_damaged_cache_is_set_aside(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf reason = { 0 };
	char command_line[256];

	mailbox_release(&bench->mailbox);
	FILE *file = fopen(bench->path, "r+");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("no database", file);
	fclose(file);
	check_ok(open_mailbox(bench, &reason));
	snprintf(command_line, sizeof(command_line), "grep -q 'no database' '%s'.damaged-1",
		 bench->path);
	assert_int_equal(system(command_line), 0);
	snprintf(command_line, sizeof(command_line),
		 "test $(wc -l < %s) = 1 && grep -q 'kept as' %s", bench->log, bench->log);
	assert_int_equal(system(command_line), 0);
}

static void test_a_failed_first_listing_says_what_to_do(void **state)
{
	struct bench *bench = *state;
	AUTO(buf) struct buf reason = { 0 };

	fake.folders_fault = (struct fake_fault){ ERR_AUTH, -1, -1 };
	check_err(mailbox_prepare(bench->mailbox, &reason), ERR_AUTH);
	assert_string_equal(buf_str(&reason),
			    "https://alice@Mail.Corp.example:443/EWS/Exchange.asmx: login refused: "
			    "fault");
	fake.folders_fault.n = 0;
	check_ok(mailbox_prepare(bench->mailbox, &reason));
	fake.folders_fault.n = -1;
	check_ok(mailbox_prepare(bench->mailbox, &reason)); /* with a cache: nothing is sent */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		bench_test(test_the_tree_is_answered_from_the_cache),
		bench_test(test_news_come_children_first_and_without_burials),
		bench_test(test_I5_many_readers_at_once),
		bench_test(test_command_lines),
		bench_test(test_nowait_does_not_wait_for_a_throttling_server),
		bench_test(test_the_text_is_lines_in_order),
		bench_test(test_json_holds_the_same_with_numbers_as_numbers),
		bench_test(test_a_folder_speaks_of_its_own_trouble),
		bench_test(test_metrics_are_prometheus_text),
		bench_test(test_the_cache_belongs_to_user_and_host),
		bench_test(test_a_damaged_cache_is_set_aside),
		bench_test(test_a_failed_first_listing_says_what_to_do),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
