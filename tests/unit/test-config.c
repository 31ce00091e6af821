/* SPDX-License-Identifier: MIT */
#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "options/options.h"

#define URL "https://mail.example/EWS/Exchange.asmx"
#define LOGIN "url = " URL "\nuser = al\npassword_command = pass\n"

static char home[] = "/tmp/ewsfs-config-XXXXXX";

static void write_file(const char *text, mode_t mode)
{
	char path[64];

	snprintf(path, sizeof(path), "%s/ewsfs/config", home);
	unlink(path);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	fchmod(fileno(file), mode);
	fclose(file);
}

/* `ewsfs -o LIST SOURCE /m` with that file. */
static enum err load(struct options *options, const char *text, const char *list,
		     const char *source, struct buf *reason)
{
	char *argv[] = { "ewsfs", "-o", (char *)list, (char *)source, "/m", NULL };

	write_file(text, 0600);
	buf_clear(reason);
	check_ok(options_parse(options, 5, argv, reason));
	return options_resolve(options, reason);
}

static void test_a_section_holds_the_options_of_an_account(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(load(&o,
		      "# mine\n[other]\nuser = bo\n[work]\r\nurl = " URL "\n  user = CORP\\al\n"
		      "password_command = pass \"show, mail\" ; cat\nexclude = /A, B/\nexclude=C\n"
		      "; no\nallow_other = yes\nbatch=7\nsince = 1y\nproxy = http://p:q@proxy:1\n",
		      "", "work", &reason));
	assert_string_equal(o.account.url, URL);
	assert_string_equal(o.account.user, "CORP\\al");
	assert_string_equal(o.account.password_command, "pass \"show, mail\" ; cat");
	assert_int_equal(o.account.excludes_n, 2);
	assert_string_equal(o.account.excludes[0], "A, B");
	assert_string_equal(o.account.excludes[1], "C");
	assert_true(o.allow_other);
	assert_int_equal(o.account.batch_n, 7);
	assert_string_equal(o.account.proxy, "http://p:q@proxy:1");
	assert_string_equal(o.account.cache, "/cache/ewsfs/work.db");
}

static void test_a_password_is_taken_as_it_stands(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(load(&o,
		      "[a]\npassword = x\n[work]\nurl=" URL "\nuser=al\npassword =  p\"=;#' x \n",
		      "", "work", &reason));
	assert_string_equal(o.account.password.text, "p\"=;#' x");
}

static void test_what_the_command_line_says_stands(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(load(&o,
		      "[work]\nurl=" URL "\nuser=al\npassword=secret\nbatch=7\nexclude=A\n"
		      "allow_other=no\npoll=30\n",
		      "user=bo,password_command=c,exclude=B,notify=off,cache=/c", "work", &reason));
	assert_string_equal(o.account.user, "bo");
	assert_string_equal(o.account.password_command, "c");
	assert_null(o.account.password.text);
	assert_int_equal(o.account.batch_n, 7);
	assert_int_equal(o.account.excludes_n, 1);
	assert_string_equal(o.account.excludes[0], "B");
	assert_false(o.allow_other);
	assert_int_equal(o.account.poll_s, 60);
	assert_string_equal(o.account.cache, "/c");
}

static void test_an_address_may_be_an_account_or_a_login_name(void **state)
{
	AUTO(options) struct options section = { 0 }, bare = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(load(&section, "[al@c.example]\nurl=" URL "\npassword_command=b\n", "",
		      "al@c.example", &reason));
	assert_string_equal(section.account.user, "al@c.example");
	assert_string_equal(section.account.cache, "/cache/ewsfs/al@c.example.db");
	check_ok(load(&bare, "", "password_command=b,url=" URL, "al@c.example", &reason));
	assert_string_equal(bare.account.user, "al@c.example");
	assert_string_equal(bare.account.cache, "/cache/ewsfs/al@c.example@mail.example.db");
}

static void test_a_url_needs_no_file(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(load(&o, "nonsense\n", "user=a,password_command=b", URL, &reason));
}

static void test_the_name_of_a_cache_is_one_file(void **state)
{
	AUTO(options) struct options o = { 0 };
	AUTO(buf) struct buf reason = { 0 };
	(void)state;

	check_ok(load(&o, "[../Work]\n" LOGIN, "", "../Work", &reason));
	assert_string_equal(o.account.cache, "/cache/ewsfs/_._Work.db");
}

static void test_what_is_refused_says_where_and_what_to_do(void **state)
{
	static const struct {
		const char *text, *list, *says;
	} vectors[] = {
		{ "[work]\n" LOGIN "conections = 3\n", "",
		  "/ewsfs/config:5: unknown option 'conections': did you mean 'connections'" },
		{ "[work]\n" LOGIN "Batch = 5\n", "",
		  ":5: unknown option 'Batch': did you mean 'batch'" },
		{ "[work]\n" LOGIN "\n\nbatch = 101\n", "", ":7: batch=101 is out of range" },
		{ "[work]\n" LOGIN "user = bo\n", "", ":5: user stands twice in [work]" },
		{ "[work]\n" LOGIN "allow_other = maybe\n", "",
		  ":5: allow_other = maybe: give yes or no" },
		{ "[work]\n" LOGIN "write = yes\n", "", ":5: write is not available yet" },
		{ "[work]\n" LOGIN "cafile =\n", "", ":5: cafile needs a value" },
		{ "[work]\n" LOGIN "password = secret\n", "",
		  "password= and password_command= contradict" },
		{ "[work]\n" LOGIN "password =\n", "", ":5: password needs a value" },
		{ "[work]\n" LOGIN "notify = off\npoll = 30\n", "", "contradict" },
		{ "[work]\n" LOGIN "poll = 30\n", "notify=off,poll=40", "contradict" },
		{ "[work]\nuser = al\npassword_command = pass\n", "", "url=" },
		{ "[work]\nurl = " URL "\npassword_command = pass\n", "", "user=NAME" },
		{ "[work]\nurl = " URL "\nuser = al\nauth = ntlm\n", "",
		  "password_command=COMMAND" },
		{ "[work]\nurl = ftp://x/\nuser = al\npassword = secret\n", "",
		  "url= is not an EWS URL" },
		{ "[Work]\n" LOGIN, "", "no account 'work' in /tmp/" },
		{ "[a]\n[wrok]\n" LOGIN, "", "config: did you mean 'wrok'?" },
		{ "[home]\n" LOGIN, "", "no account 'work': add [work] with url= and user= to" },
		{ "", "", "no account 'work'" },
		{ "user = al\n[work]\n" LOGIN, "", ":1: an option before the first [ACCOUNT]" },
		{ "[work]\n" LOGIN "secret\n", "", "line 5" },
		{ "[work]\n" LOGIN "[work]\n", "", "line 5" },
		{ "[work\n" LOGIN, "", "line 1" },
		{ "[work]\n" LOGIN "[x]\nproxy = \xff\nuser=\xff\n", "", "UTF-8" },
	};
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(options) struct options o = { 0 };
		AUTO(buf) struct buf reason = { 0 };
		check_err(load(&o, vectors[i].text, vectors[i].list, "work", &reason), ERR_INVALID);
		if (!strstr(buf_str(&reason), vectors[i].says))
			fail_msg("%zu: '%s' lacks '%s'", i, buf_str(&reason), vectors[i].says);
		assert_null(strstr(buf_str(&reason), "secret"));
		assert_null(strchr(buf_str(&reason), '\n'));
	}
}

/* I11 */
static void test_a_file_that_holds_a_password_is_its_owners_alone(void **state)
{
	static const struct {
		const char *text;
		bool is_refused;
	} vectors[] = {
		{ "[work]\nurl=" URL "\nuser=al\npassword=secret\n", true },
		{ "[other]\npassword=secret\n[work]\n" LOGIN, true },
		{ "[other]\nPassword : x\n PASSWORD = secret\n[work]\n" LOGIN, true },
		{ "[work]\nproxy=http://u:secret@p\n" LOGIN, true },
		{ "[work]\nproxy=http://p\n" LOGIN, false },
		{ "[work]\n# password = secret\n" LOGIN, false },
	};
	static const mode_t modes[] = { 0640, 0604, 0644 };
	(void)state;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++)
		for (size_t j = 0; j < ARRAY_LEN(modes); j++) {
			AUTO(options) struct options o = { 0 };
			AUTO(buf) struct buf reason = { 0 };
			char *argv[] = { "ewsfs", "work", "/m", NULL };
			write_file(vectors[i].text, modes[j]);
			check_ok(options_parse(&o, 3, argv, &reason));
			enum err err = options_resolve(&o, &reason);
			check_err(err, vectors[i].is_refused ? ERR_INVALID : ERR_OK);
			assert_true(!err || strstr(reason.bytes, "chmod 600"));
			assert_null(strstr(buf_str(&reason), "secret"));
		}
}

/* Whatever it holds: its commands are run. */
static void test_a_file_of_others_is_refused_and_one_that_they_may_write(void **state)
{
	static const struct {
		mode_t mode;
		uid_t owner;
		const char *says; /* NULL: it is taken */
	} vectors[] = {
		{ 0620, 0, "can be written by others" },
		{ 0602, 0, "can be written by others" },
		{ 0666, 0, "can be written by others" },
		{ 0600, 4711, "belongs to another user" },
		{ 0644, 0, NULL },
	};
	char path[64];
	(void)state;

	snprintf(path, sizeof(path), "%s/ewsfs/config", home);
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		AUTO(options) struct options o = { 0 };
		AUTO(buf) struct buf reason = { 0 };
		char *argv[] = { "ewsfs", "work", "/m", NULL };
		write_file("[work]\n" LOGIN, vectors[i].mode);
		if (vectors[i].owner && chown(path, vectors[i].owner, (gid_t)-1) != 0)
			continue; /* only root can */
		check_ok(options_parse(&o, 3, argv, &reason));
		enum err err = options_resolve(&o, &reason);
		check_err(err, vectors[i].says ? ERR_INVALID : ERR_OK);
		assert_true(!err || strstr(reason.bytes, vectors[i].says));
	}
}

static int begin(void **state)
{
	char path[64];
	(void)state;

	if (!mkdtemp(home))
		return -1;
	snprintf(path, sizeof(path), "%s/ewsfs", home);
	setenv("XDG_CONFIG_HOME", home, 1);
	setenv("XDG_CACHE_HOME", "/cache", 1);
	return mkdir(path, 0700);
}

static int end(void **state)
{
	char path[64];
	(void)state;

	snprintf(path, sizeof(path), "%s/ewsfs/config", home);
	unlink(path);
	snprintf(path, sizeof(path), "%s/ewsfs", home);
	rmdir(path);
	return rmdir(home);
}

int main(void)
{
	setenv("PATH", "/nonexistent", 1); /* no keyring */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_section_holds_the_options_of_an_account),
		cmocka_unit_test(test_a_password_is_taken_as_it_stands),
		cmocka_unit_test(test_what_the_command_line_says_stands),
		cmocka_unit_test(test_an_address_may_be_an_account_or_a_login_name),
		cmocka_unit_test(test_a_url_needs_no_file),
		cmocka_unit_test(test_the_name_of_a_cache_is_one_file),
		cmocka_unit_test(test_what_is_refused_says_where_and_what_to_do),
		cmocka_unit_test(test_a_file_that_holds_a_password_is_its_owners_alone),
		cmocka_unit_test(test_a_file_of_others_is_refused_and_one_that_they_may_write),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
