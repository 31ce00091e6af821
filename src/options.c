/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <getopt.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

enum kind { TEXT, FLAG, NUMBER, OCTAL, CHOICE, CHOICES, AGE, PATHS, LATER, NEVER };

struct option_row {
	const char *name;
	enum kind kind;
	size_t field;
	int64_t min, max;
	/* Of a choice: the words, '|' between them, in the order of its enum; "-word" is not
	 * available yet. Of others: what stands for the value in the help. */
	const char *value;
	const char *by_default;
	const char *help;
};

#define IN(field) offsetof(struct options, field)

/* clang-format off */
static const struct option_row rows[] = {
	/* name                kind     field                         min  max      value  default  help */
	{ "url",               TEXT,    IN(account.url),              0,   0,       "URL", "SOURCE", "EWS endpoint" },
	{ "user",              TEXT,    IN(account.user),             0,   0,       "NAME", NULL, "login name, DOMAIN\\name or UPN" },
	{ "auth",              CHOICE,  IN(account.auth),             0,   0,       "auto|basic|-ntlm|-negotiate|-bearer", "auto", "how to log in" },
	{ "password_command",  TEXT,    IN(account.password_command), 0,   0,       "COMMAND", NULL, "prints the password, first line of its output" },
	{ "token_command",     LATER,   0,                            0,   0,       "COMMAND", NULL, "prints an OAuth2 access token" },
	{ "mailbox",           LATER,   0,                            0,   0,       "ADDRESS", NULL, "another mailbox, by delegate access" },
	{ "impersonate",       LATER,   0,                            0,   0,       "ADDRESS", NULL, "ExchangeImpersonation of that address" },
	{ "trees",             CHOICES, IN(trees),                    0,   0,       "mailbox|-archive|-public|-recoverable|-search|-calendar", "mailbox", "what to show, '+' between them" },
	{ "layout",            CHOICE,  IN(layout),                   0,   0,       "plain|-maildir", "plain", "of the directories" },
	{ "content",           CHOICE,  IN(content),                  0,   0,       "mirror|-ondemand", "mirror", "what is kept here" },
	{ "cache_limit",       LATER,   0,                            0,   0,       "SIZE", NULL, "most content kept with content=ondemand" },
	{ "since",             AGE,     IN(account.since),            0,   0,       "AGE", "everything", "only mail received in the last 30d, 12m, 2y" },
	{ "exclude",           PATHS,   0,                            0,   0,       "FOLDER", NULL, "a folder to leave out, and all below it: FOLDER/SUB/...; may be given many times" },
	{ "mtime",             CHOICE,  IN(account.mtime),            0,   0,       "received|modified", "received", "st_mtime of mail" },
	{ "write",             LATER,   0,                            0,   0,       NULL, NULL, "change the mailbox" },
	{ "delete",            LATER,   0,                            0,   0,       "HOW", NULL, "what rm does with write" },
	{ "cache",             TEXT,    IN(account.cache),            0,   0,       "FILE", "~/.cache/ewsfs/USER@HOST.db", "the local store" },
	{ "notify",            CHOICE,  IN(account.notify),           0,   0,       "auto|streaming|pull|poll|off", "auto", "how to learn of changes" },
	{ "poll",              NUMBER,  IN(account.poll_s),           5,   86400,   "SECONDS", "60", "between polls" },
	{ "connections",       NUMBER,  IN(account.connections_n),    1,   10,      "N", "4", "most requests at once" },
	{ "batch",             NUMBER,  IN(account.batch_n),          1,   100,     "N", "10", "most items in a request" },
	{ "cafile",            TEXT,    IN(account.cafile),           0,   0,       "FILE", "the system's", "certificates to trust, PEM" },
	{ "proxy",             TEXT,    IN(account.proxy),            0,   0,       "URL", "from the environment", "HTTP proxy" },
	{ "timeout",           NUMBER,  IN(account.timeout_s),        5,   600,     "SECONDS", "60", "for one request" },
	{ "log",               TEXT,    IN(log),                      0,   0,       "FILE", "syslog, stderr with -f", "where to log" },
	{ "trace",             LATER,   0,                            0,   0,       "DIR", NULL, "redacted exchanges, for bug reports" },
	{ "allow_other",       FLAG,    IN(allow_other),              0,   0,       NULL, NULL, "let other users in" },
	{ "uid",               NUMBER,  IN(uid),                      0,   INT_MAX, "N", "yours", "owner of all files" },
	{ "gid",               NUMBER,  IN(gid),                      0,   INT_MAX, "N", "yours", "group of all files" },
	{ "umask",             OCTAL,   IN(umask),                    0,   0777,    "OCTAL", NULL, "modes are 0444 and 0555 less these bits" },
	{ "password",          NEVER,   0,                            0,   0,       NULL, NULL, NULL },
};

/* What mount(8) and fstab pass along. They never change what ewsfs may do. */
static const char *const ignored[] = {
	"defaults", "ro", "rw", "dev", "nodev", "suid", "nosuid", "exec", "noexec", "atime", "noatime",
	"diratime", "nodiratime", "relatime", "norelatime", "strictatime", "nostrictatime", "lazytime",
	"nolazytime", "sync", "async", "dirsync", "mand", "nomand", "silent", "loud", "auto", "noauto",
	"user", "nouser", "users", "owner", "group", "nofail", "_netdev", "default_permissions",
	"iversion", "noiversion", "symfollow", "nosymfollow",
};
/* clang-format on */

static const char *const ignored_prefixes[] = { "x-", "X-", "comment=" };

/* --- names --- */

static const struct option_row *find_row(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

/* `user` alone is mount(8)'s; with a value it is ours. */
static bool is_ignored(const char *name, const char *value)
{
	for (size_t i = 0; i < ARRAY_LEN(ignored); i++)
		if (!value && strcmp(ignored[i], name) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ignored_prefixes); i++) {
		size_t n = strcspn(ignored_prefixes[i], "=");
		bool wants_value = ignored_prefixes[i][n] == '=';
		if (strncmp(name, ignored_prefixes[i], n) == 0 && (!wants_value || !name[n]))
			return true;
	}
	return false;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t ab = a < b ? a : b;

	return ab < c ? ab : c;
}

enum { NAME_MAX_BYTES = 32 };

/* Levenshtein, one row at a time; long names are far from everything. */
static size_t distance(const char *a, const char *b)
{
	size_t row[NAME_MAX_BYTES + 1], b_n = strlen(b);

	if (strlen(a) > NAME_MAX_BYTES || b_n > NAME_MAX_BYTES)
		return NAME_MAX_BYTES;
	for (size_t j = 0; j <= b_n; j++)
		row[j] = j;
	for (size_t i = 1; a[i - 1]; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_n; j++) {
			size_t above = row[j];
			row[j] = least(above + 1, row[j - 1] + 1,
				       diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[b_n];
}

static enum err refuse_unknown(const char *name, struct buf *reason)
{
	const char *best = rows[0].name;

	for (size_t i = 1; i < ARRAY_LEN(rows); i++)
		if (rows[i].kind != NEVER && distance(name, rows[i].name) < distance(name, best))
			best = rows[i].name;
	return buf_refuse(reason, ERR_INVALID,
			  "unknown option '%s': did you mean '%s'? (ewsfs -h lists them)", name,
			  best);
}

/* --- values --- */

static void *field_of(struct options *options, const struct option_row *row)
{
	return (char *)options + row->field;
}

static enum err set_text(char **field, const char *value)
{
	char *copy;
	enum err err = text_copy(value, &copy);

	if (!err) {
		free(*field);
		*field = copy;
	}
	return err;
}

static enum err refuse_value(const struct option_row *row, const char *value, struct buf *reason)
{
	const char *format = row->kind == OCTAL ? "%s=%s is out of range: give %llo to %llo (octal)"
						: "%s=%s is out of range: give %lld to %lld";
	char line[256];

	/* NOLINTNEXTLINE: the two formats take the same arguments */
	snprintf(line, sizeof(line), format, row->name, value, (long long)row->min,
		 (long long)row->max);
	return buf_refuse(reason, ERR_INVALID, "%s", line);
}

static enum err set_number(const struct option_row *row, int *field, const char *value,
			   struct buf *reason)
{
	int64_t number;
	char *end;

	if (row->kind == OCTAL) {
		number = *value >= '0' && *value <= '7' ? strtol(value, &end, 8) : -1;
		if (number < row->min || number > row->max || *end)
			return refuse_value(row, value, reason);
	} else if (!text_parse_int(value, row->min, row->max, &number)) {
		return refuse_value(row, value, reason);
	}
	*field = (int)number;
	return ERR_OK;
}

/* The words that can be given, for the user. */
static void print_words(const char *words, char *ret, size_t size)
{
	size_t len = 0;

	*ret = '\0';
	while (*words && len < size) {
		size_t n = strcspn(words, "|");
		if (*words != '-')
			len += (size_t)snprintf(ret + len, size - len, "%s%.*s", len ? ", " : "",
						(int)n, words);
		words += n + (words[n] == '|');
	}
}

/* One word of n bytes against the table's; its place among them in *ret. */
static enum err check_word(const struct option_row *row, const char *value, size_t n, int *ret,
			   struct buf *reason)
{
	const char *word = row->value;
	char words[128];

	for (int i = 0;; i++) {
		bool is_later = *word == '-';
		word += is_later;
		size_t word_n = strcspn(word, "|");
		if (word_n == n && strncmp(word, value, n) == 0) {
			*ret = i;
			return is_later ? buf_refuse(reason, ERR_INVALID,
						     "%s=%.*s is not available yet: leave it out",
						     row->name, (int)n, value)
					: ERR_OK;
		}
		if (!word[word_n])
			break;
		word += word_n + 1;
	}
	print_words(row->value, words, sizeof(words));
	return buf_refuse(reason, ERR_INVALID, "%s=%.*s is unknown: give one of %s", row->name,
			  (int)n, value, words);
}

static enum err set_choices(const struct option_row *row, char **field, const char *value,
			    struct buf *reason)
{
	enum err err = ERR_OK;
	const char *word = value;
	int place;

	while (!err) {
		size_t n = strcspn(word, "+");
		err = check_word(row, word, n, &place, reason);
		if (err || !word[n])
			break;
		word += n + 1;
	}
	return err ? err : set_text(field, value);
}

static enum err set_age(const struct option_row *row, struct since *field, const char *value,
			struct buf *reason)
{
	if (since_parse(value, field))
		return ERR_OK;
	return buf_refuse(reason, ERR_INVALID,
			  "%s=%s: give a number of days, months or years, as 30d, 12m or 2y",
			  row->name, value);
}

/* Slashes around a path mean nothing. */
static enum err add_path(struct account *account, const char *value, struct buf *reason)
{
	size_t start = strspn(value, "/"), n = strlen(value);

	while (n > start && value[n - 1] == '/')
		n--;
	if (n == start)
		return buf_refuse(reason, ERR_INVALID,
				  "exclude=%s names no folder: give one as FOLDER/SUB", value);
	char **list = reallocarray(account->excludes, account->excludes_n + 1, sizeof(*list));
	if (!list)
		return ERR_NOMEM;
	account->excludes = list;
	list[account->excludes_n] = strndup(value + start, n - start);
	if (!list[account->excludes_n])
		return ERR_NOMEM;
	account->excludes_n++;
	return ERR_OK;
}

static enum err set_value(struct options *options, const struct option_row *row, const char *value,
			  struct buf *reason)
{
	void *field = field_of(options, row);

	switch (row->kind) {
	case TEXT: return set_text(field, value);
	case NUMBER:
	case OCTAL: return set_number(row, field, value, reason);
	case CHOICE: return check_word(row, value, strlen(value), field, reason);
	case CHOICES: return set_choices(row, field, value, reason);
	case AGE: return set_age(row, field, value, reason);
	case PATHS: return add_path(&options->account, value, reason);
	default: return ERR_INVALID;
	}
}

enum err options_set(struct options *options, const char *name, const char *value,
		     struct buf *reason)
{
	const struct option_row *row = find_row(name);

	if (is_ignored(name, value))
		return ERR_OK;
	if (!row)
		return refuse_unknown(name, reason);
	if (row->kind == NEVER)
		return buf_refuse(
			reason, ERR_INVALID,
			"%s= is refused on the command line, where every user can read it: "
			"use password_command=",
			name);
	if (row->kind == LATER)
		return buf_refuse(reason, ERR_INVALID, "%s is not available yet: leave it out",
				  name);
	if (row->kind == FLAG && value)
		return buf_refuse(reason, ERR_INVALID, "%s=%s: it takes no value", name, value);
	if (row->kind == FLAG) {
		*(bool *)field_of(options, row) = true;
		return ERR_OK;
	}
	if (!value || !*value)
		return buf_refuse(reason, ERR_INVALID, "%s needs a value: %s=%s", name, name,
				  row->kind == TEXT ? row->value : "...");
	options->has_umask |= strcmp(name, "umask") == 0;
	options->has_poll |= strcmp(name, "poll") == 0;
	return set_value(options, row, value, reason);
}

/* --- the command line --- */

/* Cuts the next option out of *rest, in place; a backslash takes the next byte as it is. */
static char *cut_option(char **rest)
{
	char *from = *rest, *to = *rest, *start = *rest;

	while (*from && *from != ',') {
		if (*from == '\\' && (from[1] == ',' || from[1] == '\\'))
			from++;
		*to++ = *from++;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	return start;
}

static enum err set_list(struct options *options, const char *list, struct buf *reason)
{
	AUTO(str) char *copy = NULL;
	enum err err = text_copy(list, &copy);
	char *rest = copy;

	while (!err && *rest) {
		char *name = cut_option(&rest);
		char *equals = strchr(name, '=');
		if (equals)
			*equals = '\0';
		if (*name || equals)
			err = options_set(options, name, equals ? equals + 1 : NULL, reason);
	}
	return err;
}

static enum err take_flags(struct options *options, int argc, char **argv, struct buf *reason)
{
	static const struct option longs[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'V' },
		{ NULL, 0, NULL, 0 },
	};
	enum err err = ERR_OK;
	int c;

	optind = 0;
	opterr = 0;
	while (!err && (c = getopt_long(argc, argv, "o:fdhV", longs, NULL)) != -1) {
		switch (c) {
		case 'o': err = set_list(options, optarg, reason); break;
		case 'd': options->is_debug = true; /* fallthrough */
		case 'f': options->is_foreground = true; break;
		case 'h': options->wants_help = true; break;
		case 'V': options->wants_version = true; break;
		default:
			err = buf_refuse(reason, ERR_INVALID,
					 "unknown flag or missing argument '%s': see ewsfs -h",
					 optopt ? (char[]){ '-', (char)optopt, '\0' }
						: argv[optind - 1]);
		}
	}
	return err;
}

static enum err take_positionals(struct options *options, int argc, char **argv, struct buf *reason)
{
	if (argc - optind != 2)
		return buf_refuse(reason, ERR_INVALID,
				  "%s: give SOURCE and MOUNTPOINT, as in ewsfs -o user=NAME "
				  "https://mail.corp.example/EWS/Exchange.asmx DIR",
				  argc - optind < 2 ? "too few arguments" : "too many arguments");
	enum err err = text_copy(argv[optind], &options->source);
	if (!err)
		err = text_copy(argv[optind + 1], &options->mountpoint);
	return err;
}

static void set_defaults(struct options *options)
{
	*options = (struct options){
		.account = { .timeout_s = 60, .poll_s = 60, .connections_n = 4, .batch_n = 10 },
		.uid = (int)getuid(),
		.gid = (int)getgid(),
	};
}

enum err options_parse(struct options *options, int argc, char **argv, struct buf *reason)
{
	set_defaults(options);
	enum err err = take_flags(options, argc, argv, reason);
	if (err || options->wants_help || options->wants_version)
		return err;
	err = take_positionals(options, argc, argv, reason);
	if (!err && options->account.notify == NOTIFY_OFF && options->has_poll)
		err = buf_refuse(reason, ERR_INVALID,
				 "poll= and notify=off contradict each other: leave one out");
	return err ? err : options_resolve(options, reason);
}

void options_release(struct options *options)
{
	char **texts[] = { &options->account.url,
			   &options->account.user,
			   &options->account.proxy,
			   &options->account.password_command,
			   &options->account.cafile,
			   &options->account.cache,
			   &options->source,
			   &options->mountpoint,
			   &options->log,
			   &options->trees };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		str_release(texts[i]);
	for (size_t i = 0; i < options->account.excludes_n; i++)
		free(options->account.excludes[i]);
	free(options->account.excludes);
	options->account.excludes = NULL;
	options->account.excludes_n = 0;
}

/* --- help --- */

static enum err print_row(const struct option_row *row, struct buf *ret)
{
	char left[64], words[128] = "";
	bool is_choice = row->kind == CHOICE || row->kind == CHOICES;

	if (is_choice)
		print_words(row->value, words, sizeof(words));
	snprintf(left, sizeof(left), "%s%s%s", row->name, row->value ? "=" : "",
		 is_choice    ? "WORD"
		 : row->value ? row->value
			      : "");
	enum err err = buf_printf(ret, "    %-26s %s", left, row->help);
	if (!err && is_choice)
		err = buf_printf(ret, ": %s", words);
	if (!err && row->kind == NUMBER && row->max < INT_MAX)
		err = buf_printf(ret, ", %lld to %lld", (long long)row->min, (long long)row->max);
	if (!err && row->by_default)
		err = buf_printf(ret, " (%s)", row->by_default);
	return err ? err : buf_append_char(ret, '\n');
}

enum err options_print_help(struct buf *ret)
{
	enum err err = buf_append_str(
		ret, "usage: ewsfs [-f] [-d] [-o OPTION[,OPTION...]] SOURCE MOUNTPOINT\n\n"
		     "Mounts an Exchange mailbox. SOURCE is the URL of its web service:\n"
		     "https://mail.corp.example/EWS/Exchange.asmx\n\n"
		     "    -f   stay in the foreground, log to stderr\n"
		     "    -d   debug: -f and every request of the kernel\n"
		     "    -o   options; a comma in a value is written \\,\n"
		     "    -h   this help\n"
		     "    -V   versions\n\n"
		     "Options (default in brackets):\n");

	for (size_t i = 0; !err && i < ARRAY_LEN(rows); i++)
		if (rows[i].kind != NEVER && rows[i].kind != LATER)
			err = print_row(&rows[i], ret);
	return err ? err : buf_append_str(ret, "\nUnmount with fusermount3 -u MOUNTPOINT.\n");
}
