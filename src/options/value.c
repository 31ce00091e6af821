/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "options/table.h"

/* What the options are set to. */

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
	option_print_words(row->value, words, sizeof(words));
	return buf_refuse(reason, ERR_INVALID, "%s=%.*s is unknown: give one of %s", row->name,
			  (int)n, value, words);
}

static enum err set_choices(const struct option_row *row, unsigned *field, const char *value,
			    struct buf *reason)
{
	enum err err = ERR_OK;
	const char *word = value;
	unsigned bits = 0;
	int place;

	while (!err) {
		size_t n = strcspn(word, "+");
		err = check_word(row, word, n, &place, reason);
		if (!err)
			bits |= 1u << place;
		if (err || !word[n])
			break;
		word += n + 1;
	}
	if (!err)
		*field = bits;
	return err;
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

/* Bytes, or so many KiB, MiB, GiB, TiB. */
static enum err set_size(const struct option_row *row, uint64_t *field, const char *value,
			 struct buf *reason)
{
	static const char units[] = "KMGT";
	AUTO(str) char *digits = strdup(value);
	size_t n = strlen(value);
	const char *unit = n > 0 ? strchr(units, value[n - 1] & ~0x20) : NULL;
	int shift = unit && *unit ? 10 * (int)(unit - units + 1) : 0;
	int64_t number = 0;

	if (!digits)
		return ERR_NOMEM;
	if (shift)
		digits[n - 1] = '\0';
	if (!text_parse_int(digits, 1, INT64_MAX >> shift, &number))
		return buf_refuse(reason, ERR_INVALID,
				  "%s=%s: give a number of bytes, or one as 500M, 2G or 1T",
				  row->name, value);
	*field = (uint64_t)number << shift;
	return ERR_OK;
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
	case SECRET: return secret_put(field, value, strlen(value));
	case NUMBER:
	case OCTAL: return set_number(row, field, value, reason);
	case CHOICE: return check_word(row, value, strlen(value), field, reason);
	case CHOICES: return set_choices(row, field, value, reason);
	case AGE: return set_age(row, field, value, reason);
	case SIZE: return set_size(row, field, value, reason);
	case PATHS: return add_path(&options->account, value, reason);
	default: return ERR_INVALID;
	}
}

enum err option_set(struct options *options, const struct option_row *row, const char *value,
		    struct buf *reason)
{
	if (row->kind == LATER)
		return buf_refuse(reason, ERR_INVALID, "%s is not available yet: leave it out",
				  row->name);
	if (row->kind == FLAG && value)
		return buf_refuse(reason, ERR_INVALID, "%s=%s: it takes no value", row->name,
				  value);
	if (row->kind == FLAG) {
		*(bool *)field_of(options, row) = true;
		return ERR_OK;
	}
	if (!value || !*value)
		return buf_refuse(reason, ERR_INVALID, "%s needs a value: %s=%s", row->name,
				  row->name, row->kind == TEXT ? row->value : "...");
	return set_value(options, row, value, reason);
}

/* USER:PASSWORD@ before the host. */
static bool shows_password(const char *url)
{
	const char *scheme = strstr(url, "://"), *authority = scheme ? scheme + 3 : url;
	const char *at = memrchr(authority, '@', strcspn(authority, "/?#"));

	return at && memchr(authority, ':', (size_t)(at - authority));
}

/* What stands on a command line can be read by every user. */
static enum err check_secrecy(const struct option_row *row, const char *value, struct buf *reason)
{
	if (row->kind == SECRET)
		return buf_refuse(
			reason, ERR_INVALID,
			"%s= is refused on the command line, where every user can read it: "
			"use password_command=",
			row->name);
	if (strcmp(row->name, "proxy") == 0 && value && shows_password(value))
		return buf_refuse(
			reason, ERR_INVALID,
			"a password in proxy= is refused on the command line, where every "
			"user can read it: put it into the configuration file");
	return ERR_OK;
}

enum err options_set(struct options *options, const char *name, const char *value,
		     struct buf *reason)
{
	const struct option_row *row = option_find(name);

	if (option_is_ignored(name, value))
		return ERR_OK;
	if (!row)
		return option_refuse_unknown(name, reason);
	enum err err = check_secrecy(row, value, reason);
	if (!err)
		err = option_set(options, row, value, reason);
	if (!err)
		options->by_line |= option_bit(row);
	return err;
}
