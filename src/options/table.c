/* SPDX-License-Identifier: MIT */
#include "options/table.h"

#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define IN(field) offsetof(struct options, field)

/* clang-format off */
const struct option_row option_rows[] = {
	/* name                kind     field                         min  max      value  default  help */
	{ "url",               TEXT,    IN(account.url),              0,   0,       "URL", "SOURCE, else autodiscover", "EWS endpoint" },
	{ "user",              TEXT,    IN(account.user),             0,   0,       "NAME", NULL, "login name, DOMAIN\\name or UPN" },
	{ "auth",              CHOICE,  IN(account.auth),             0,   0,       "auto|basic|ntlm|negotiate|bearer", "auto", "how to log in" },
	{ "password_command",  TEXT,    IN(account.password_command), 0,   0,       "COMMAND", NULL, "prints the password, first line of its output" },
	{ "password",          SECRET,  IN(account.password),         0,   0,       "TEXT", NULL, "in the configuration file only, which must have mode 0600" },
	{ "token_command",     TEXT,    IN(account.token_command),    0,   0,       "COMMAND", NULL, "prints an OAuth2 access token" },
	{ "mailbox",           TEXT,    IN(account.mailbox),          0,   0,       "ADDRESS", NULL, "another mailbox, by delegate access" },
	{ "impersonate",       TEXT,    IN(account.impersonate),      0,   0,       "ADDRESS", NULL, "ExchangeImpersonation of that address" },
	{ "trees",             CHOICES, IN(account.trees),            0,   0,       "mailbox|archive|public|recoverable|-search|-calendar", "mailbox", "what to show, '+' between them" },
	{ "layout",            CHOICE,  IN(layout),                   0,   0,       "plain|-maildir", "plain", "of the directories" },
	{ "content",           CHOICE,  IN(account.content),          0,   0,       "mirror|ondemand", "mirror", "what is kept here" },
	{ "cache_limit",       SIZE,    IN(account.cache_limit),      0,   0,       "SIZE", "unlimited", "most content kept with content=ondemand, as 500M or 2G" },
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
	{ "trace",             TEXT,    IN(account.trace),            0,   0,       "DIR", NULL, "redacted exchanges, for bug reports" },
	{ "allow_other",       FLAG,    IN(allow_other),              0,   0,       NULL, NULL, "let other users in" },
	{ "uid",               NUMBER,  IN(uid),                      0,   INT_MAX, "N", "yours", "owner of all files" },
	{ "gid",               NUMBER,  IN(gid),                      0,   INT_MAX, "N", "yours", "group of all files" },
	{ "umask",             OCTAL,   IN(umask),                    0,   0777,    "OCTAL", NULL, "modes are 0444 and 0555 less these bits" },
};
const size_t option_rows_n = ARRAY_LEN(option_rows);
_Static_assert(ARRAY_LEN(option_rows) <= 64, "a bit each");

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

const struct option_row *option_find(const char *name)
{
	for (size_t i = 0; i < option_rows_n; i++)
		if (strcmp(option_rows[i].name, name) == 0)
			return &option_rows[i];
	return NULL;
}

uint64_t option_bit(const struct option_row *row)
{
	return UINT64_C(1) << (row - option_rows);
}

int option_find_word(const struct option_row *row, const char *word)
{
	const char *s = row->value;

	for (int i = 0;; i++) {
		s += *s == '-';
		size_t n = strcspn(s, "|");
		if (strlen(word) == n && strncmp(s, word, n) == 0)
			return i;
		if (!s[n])
			return -1;
		s += n + 1;
	}
}

/* `user` alone is mount(8)'s; with a value it is ours. */
bool option_is_ignored(const char *name, const char *value)
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
size_t option_name_distance(const char *a, const char *b)
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

enum err option_refuse_unknown(const char *name, struct buf *reason)
{
	const char *best = option_rows[0].name;

	for (size_t i = 1; i < option_rows_n; i++)
		if (option_name_distance(name, option_rows[i].name) <
		    option_name_distance(name, best))
			best = option_rows[i].name;
	return buf_refuse(reason, ERR_INVALID,
			  "unknown option '%s': did you mean '%s'? (ewsfs -h lists them)", name,
			  best);
}

/* The words that can be given, for the user. */
void option_print_words(const char *words, char *ret, size_t size)
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
