/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options/table.h"

#define URL "https://mail.example/EWS/Exchange.asmx"

enum { ARGS_MAX = 12 };

/* The words of a command line after "ewsfs", up to NULL. */
static enum err parse(struct options *options, struct buf *reason, const char *const *words)
{
	char *argv[ARGS_MAX + 2] = { "ewsfs" };
	int argc = 1;

	for (; *words && argc <= ARGS_MAX; words++)
		argv[argc++] = (char *)*words;
	buf_clear(reason);
	enum err err = options_parse(options, argc, argv, reason);
	if (err || options->wants_help || options->wants_version)
		return err;
	return options_resolve(options, reason);
}

#define PARSE(options, reason, ...) \
	parse(options, reason, (const char *const[]){ __VA_ARGS__, NULL })

static enum err parse_list(struct options *options, struct buf *reason, const char *more)
{
	char list[512];

	snprintf(list, sizeof(list), "user=a,password_command=b,cache=/c%s%s", *more ? "," : "",
		 more);
	return PARSE(options, reason, "-o", list, URL, "/m");
}

static void test_defaults_are_those_of_the_interface(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(parse_list(&o, &reason, ""));
	assert_string_equal(o.account.url, URL);
	assert_int_equal(o.account.auth, AUTH_AUTO);
	assert_int_equal(o.account.mtime, MTIME_RECEIVED);
	assert_int_equal(o.account.notify, NOTIFY_AUTO);
	assert_int_equal(o.account.poll_s, 60);
	assert_int_equal(o.account.timeout_s, 60);
	assert_int_equal(o.account.connections_n, 4);
	assert_int_equal(o.account.batch_n, 10);
	assert_int_equal(o.uid, getuid());
	assert_false(o.is_foreground || o.allow_other || options_has(&o, "umask"));
	assert_null(o.log);
}

static void test_every_option_reaches_its_field(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(PARSE(
		&o, &reason, URL, "/m", "-d", "-o",
		"user=CORP\\al,auth=basic,password_command=pass "
		"a\\,b\\\\c,trees=mailbox+public,layout=plain,mailbox=b@x,impersonate=c@x",
		"-o",
		"content=mirror,mtime=modified,cache=/c,notify=poll,poll=86400,connections=10",
		"-obatch=100,proxy=http://p:1,timeout=5,log=/l,allow_other,uid=7,gid=8,umask=027"));
	assert_string_equal(o.account.user, "CORP\\al");
	assert_string_equal(o.account.password_command, "pass a,b\\c");
	assert_int_equal(o.account.auth, AUTH_BASIC);
	assert_int_equal(o.account.mtime, MTIME_MODIFIED);
	assert_int_equal(o.account.notify, NOTIFY_POLL);
	assert_int_equal(o.account.poll_s, 86400);
	assert_int_equal(o.account.connections_n, 10);
	assert_int_equal(o.account.batch_n, 100);
	assert_string_equal(o.account.proxy, "http://p:1");
	assert_string_equal(o.account.mailbox, "b@x");
	assert_string_equal(o.account.impersonate, "c@x");
	assert_int_equal(o.account.trees, 1 << 0 | 1 << 2);
	assert_int_equal(o.account.timeout_s, 5);
	assert_string_equal(o.log, "/l");
	assert_true(o.is_foreground && o.is_debug && o.allow_other && options_has(&o, "umask"));
	assert_int_equal(o.uid, 7);
	assert_int_equal(o.gid, 8);
	assert_int_equal(o.umask, 027);
}

static void test_since_and_exclude(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(parse_list(&o, &reason, "since=12m,exclude=/Junk Email/,exclude=A\\,b/C"));
	assert_int_equal(o.account.since.n, 12);
	assert_int_equal(o.account.since.unit, 'm');
	assert_int_equal(o.account.excludes_n, 2);
	assert_string_equal(o.account.excludes[0], "Junk Email");
	assert_string_equal(o.account.excludes[1], "A,b/C");
}

static void test_what_mount_passes_along_means_nothing(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(parse_list(
		&o, &reason,
		"rw,ro,dev,suid,nodev,noexec,noatime,nofail,auto,user,users,_netdev,defaults,"
		"x-systemd.automount,x-gvfs-name=a b,comment=c,,"));
	assert_string_equal(o.account.user, "a");
}

static void test_what_is_refused_names_the_option_and_what_to_do(void **state)
{
	static const struct {
		const char *option, *says;
	} vectors[] = {
		{ "conections=3", "unknown option 'conections': did you mean 'connections'" },
		{ "pol=60", "'poll'" },
		{ "an_option_longer_than_any_name_in_the_table=1", "unknown option" },
		{ "connections=0", "connections=0 is out of range: give 1 to 10" },
		{ "connections=11", "give 1 to 10" },
		{ "batch=101", "give 1 to 100" },
		{ "poll=4", "give 5 to 86400" },
		{ "poll=60s", "give 5 to 86400" },
		{ "timeout=601", "give 5 to 600" },
		{ "umask=8", "give 0 to 777 (octal)" },
		{ "umask=1000", "give 0 to 777 (octal)" },
		{ "uid=-1", "uid=-1" },
		{ "auth=magic", "give one of auto, basic" },
		{ "auth=bearer", "auth=bearer contradict" },
		{ "auth=", "auth needs a value" },
		{ "trees=mailbox+search", "trees=search is not available yet" },
		{ "mailbox=bob", "mailbox=bob is no address" },
		{ "impersonate=bob@", "impersonate=bob@ is no address" },
		{ "trees=mailbox+garden", "trees=garden is unknown" },
		{ "content=ondemand,cache_limit=0", "give a number of bytes" },
		{ "content=ondemand,cache_limit=5X", "give a number of bytes" },
		{ "content=ondemand,cache_limit=9999999T", "give a number of bytes" },
		{ "layout=maildir", "not available yet" },
		{ "write", "write is not available yet" },
		{ "since=30", "since=30: give a number of days" },
		{ "since=0d", "since=0d: give a number of days" },
		{ "exclude=/", "exclude=/ names no folder" },
		{ "password=secret", "use password_command=" },
		{ "password", "use password_command=" },
		{ "allow_other=yes", "takes no value" },
		{ "cache", "cache needs a value: cache=FILE" },
		{ "notify=off,poll=60", "contradict" },
		{ "url=https://other.example/", "different servers" },
		{ "cafile=/nonexistent", "cafile=/nonexistent cannot be read" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(options) struct options o = { 0 };
		AUTO(buf) struct buf reason = { 0 };
		check_err(parse_list(&o, &reason, vectors[i].option), ERR_INVALID);
		assert_non_null(strstr(buf_str(&reason), vectors[i].says));
		assert_null(strstr(buf_str(&reason), "secret"));
		assert_null(strchr(buf_str(&reason), '\n'));
	}
}

/* `-o TEXT` is refused in one line, which names the option. */
static void check_refused(const char *name, const char *text)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };

	if (parse_list(&o, &reason, text) != ERR_INVALID)
		fail_msg("%s is not refused", text);
	if (!strstr(buf_str(&reason), name) || strchr(reason.bytes, '\n'))
		fail_msg("%s: %s", text, buf_str(&reason));
}

static void check_refused_value(const struct option_row *row, const char *value)
{
	char text[128];

	snprintf(text, sizeof(text), "%s=%s", row->name, value);
	check_refused(row->name, text);
}

static void check_bounds(const struct option_row *row)
{
	char value[32];
	const char *format = row->kind == OCTAL ? "%llo" : "%lld";

	snprintf(value, sizeof(value), format, (long long)row->max + 1);
	check_refused_value(row, value);
	snprintf(value, sizeof(value), "%lld", (long long)row->min - 1);
	check_refused_value(row, value);
	for (size_t i = 0; i < 6; i++)
		check_refused_value(row, (const char *[]){ "x", "5x", "0x5", "-5", " 5",
							   "99999999999999999999" }[i]);
}

/* Whatever kind it is of, with whatever is wrong for that kind. */
static void test_every_option_of_the_table_refuses_what_is_wrong_for_it(void **state)
{
	(void)state;

	for (size_t i = 0; i < option_rows_n; i++) {
		const struct option_row *row = &option_rows[i];
		bool wants_value = row->kind != FLAG && row->kind != LATER;
		if (wants_value && strcmp(row->name, "user") != 0) /* mount(8)'s, when alone */
			check_refused(row->name, row->name);
		if (wants_value)
			check_refused_value(row, "");
		if (row->kind == NUMBER || row->kind == OCTAL)
			check_bounds(row);
		if (row->kind == CHOICE || row->kind == CHOICES)
			check_refused_value(row, "nonsense");
		if (row->kind == CHOICES)
			check_refused_value(row, "mailbox+");
		if (row->kind == FLAG)
			check_refused_value(row, "yes");
		if (row->kind == AGE)
			check_refused_value(row, "9y9");
		if (row->kind == PATHS)
			check_refused_value(row, "//");
		if (row->kind == SECRET || row->kind == LATER)
			check_refused_value(row, "secret");
	}
}

static void test_a_password_in_proxy_is_refused(void **state)
{
	(void)state;

	check_refused("proxy", "proxy=http://u:secret@p:1");
	check_refused("proxy", "proxy=u:secret@p");
}

static void test_command_lines_that_are_no_mount(void **state)
{
	AUTO(options)
	struct options help = { 0 }, version = { 0 }, few = { 0 }, many = { 0 }, flag = { 0 },
		       unknown = { 0 };
	AUTO(buf) struct buf reason = { 0 }, text = { 0 };
	(void)state;

	check_ok(PARSE(&help, &reason, "-h"));
	assert_true(help.wants_help);
	check_ok(PARSE(&version, &reason, "--version"));
	assert_true(version.wants_version);
	check_err(PARSE(&few, &reason, URL), ERR_INVALID);
	check_err(PARSE(&many, &reason, URL, "/m", "/n"), ERR_INVALID);
	check_err(PARSE(&flag, &reason, "-zf", URL, "/m"), ERR_INVALID);
	assert_non_null(strstr(reason.bytes, "'-z'"));
	check_err(PARSE(&unknown, &reason, "--zip", URL, "/m"), ERR_INVALID);
	assert_non_null(strstr(reason.bytes, "'--zip'"));
	check_ok(options_print_help(&text));
	assert_non_null(strstr(text.bytes, "connections=N"));
	assert_null(strstr(text.bytes, "maildir"));
}

static void test_the_source_is_an_address(void **state)
{
	struct options own = { 0 }, other = { 0 }, given = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	setenv("XDG_CACHE_HOME", "/x", 1);
	check_ok(PARSE(&own, &reason, "-opassword_command=b", "Al@Corp.example", "/m"));
	assert_string_equal(own.account.address, "Al@Corp.example");
	assert_string_equal(own.account.user, "Al@Corp.example");
	assert_null(own.account.url);
	assert_string_equal(own.account.cache, "/x/ewsfs/Al@corp.example.db");
	check_ok(PARSE(&other, &reason, "-opassword_command=b,user=CORP\\al", "al@corp.example",
		       "/m"));
	assert_string_equal(other.account.cache, "/x/ewsfs/CORP\\al@corp.example.db");
	check_ok(PARSE(&given, &reason, "-opassword_command=b,url=" URL, "al@corp.example", "/m"));
	assert_null(given.account.address);
	options_release(&own);
	options_release(&other);
	options_release(&given);
}

static void test_the_source_is_an_url(void **state)
{
	static const struct {
		const char *source, *says;
	} vectors[] = {
		{ "al ice@corp.example", "no server is known" },
		{ "work", "no account 'work': add [work]" },
		{ "ftp://corp.example/", "is not an EWS URL" },
		{ "https:///EWS", "is not an EWS URL" },
		{ "ftp://alice:secret@corp.example/", "is not an EWS URL" },
		{ "https://a b/", "is not an EWS URL" },
		{ "https://alice:secret@corp.example/", "use password_command=" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(options) struct options o = { 0 };
		AUTO(buf) struct buf reason = { 0 };
		check_err(
			PARSE(&o, &reason, "-ouser=a,password_command=b", vectors[i].source, "/m"),
			ERR_INVALID);
		assert_non_null(strstr(buf_str(&reason), vectors[i].says));
		assert_null(strstr(buf_str(&reason), "secret"));
	}
}

static void test_user_and_password_command_must_be_known(void **state)
{
	AUTO(options)
	struct options in_url = { 0 }, both = { 0 }, odd = { 0 }, none = { 0 }, secretless = { 0 },
		       ticket = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(PARSE(&in_url, &reason, "-opassword_command=b", "https://CORP%5Cal@h.example:1/E",
		       "/m"));
	assert_string_equal(in_url.account.user, "CORP\\al");
	assert_string_equal(in_url.account.url, "https://h.example:1/E");
	check_ok(PARSE(&both, &reason, "-ouser=bo,password_command=b", "https://al@h.example/E",
		       "/m"));
	assert_string_equal(both.account.user, "bo");
	check_ok(PARSE(&odd, &reason, "-opassword_command=b", "https://50%+a%g%4@h.example/E",
		       "/m"));
	assert_string_equal(odd.account.user, "50%+a%g%4");
	check_err(PARSE(&none, &reason, "-opassword_command=b", URL, "/m"), ERR_INVALID);
	assert_non_null(strstr(reason.bytes, "user=NAME"));
	check_err(PARSE(&secretless, &reason, "-ouser=a,auth=ntlm", URL, "/m"), ERR_INVALID);
	assert_non_null(strstr(reason.bytes, "password_command="));
	check_ok(PARSE(&ticket, &reason, "-ouser=a,auth=negotiate", URL, "/m"));
}

static void check_cache(const char *xdg, const char *home, const char *user, const char *expected)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 }, list = { 0 };

	setenv("XDG_CACHE_HOME", xdg ? xdg : "", 1);
	setenv("HOME", home ? home : "", 1);
	check_ok(buf_printf(&list, "password_command=b,user=%s", user));
	check_ok(PARSE(&o, &reason, "-o", list.bytes, "https://H.example:8443/E", "/m"));
	assert_string_equal(o.account.cache, expected);
}

static void test_the_cache_has_its_place(void **state)
{
	(void)state;

	check_cache("/x", "/h", "al@c.example", "/x/ewsfs/al@c.example@h.example.db");
	check_cache(NULL, "/h", "al", "/h/.cache/ewsfs/al@h.example.db");
	check_cache("relative", "/h", "al", "/h/.cache/ewsfs/al@h.example.db");
	check_cache("/x", "/h", "../al", "/x/ewsfs/_._al@h.example.db");
	if (geteuid() == 0)
		check_cache(NULL, NULL, "al", "/var/cache/ewsfs/al@h.example.db");
}

static void test_relative_paths_become_absolute(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	assert_int_equal(chdir("/tmp"), 0);
	check_ok(PARSE(&o, &reason, "-ouser=a,password_command=b,cache=c.db,log=l", URL, "m"));
	assert_string_equal(o.account.cache, "/tmp/c.db");
	assert_string_equal(o.log, "/tmp/l");
	assert_string_equal(o.mountpoint, "/tmp/m");
}

int main(void)
{
	setenv("PATH", "/nonexistent", 1); /* no keyring */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults_are_those_of_the_interface),
		cmocka_unit_test(test_every_option_reaches_its_field),
		cmocka_unit_test(test_since_and_exclude),
		cmocka_unit_test(test_what_mount_passes_along_means_nothing),
		cmocka_unit_test(test_what_is_refused_names_the_option_and_what_to_do),
		cmocka_unit_test(test_every_option_of_the_table_refuses_what_is_wrong_for_it),
		cmocka_unit_test(test_a_password_in_proxy_is_refused),
		cmocka_unit_test(test_command_lines_that_are_no_mount),
		cmocka_unit_test(test_the_source_is_an_address),
		cmocka_unit_test(test_the_source_is_an_url),
		cmocka_unit_test(test_user_and_password_command_must_be_known),
		cmocka_unit_test(test_the_cache_has_its_place),
		cmocka_unit_test(test_relative_paths_become_absolute),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
