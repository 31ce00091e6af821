/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include "options/options.h"

/*
 * table - every option: its name, kind, range, default and help. `-o`, the configuration file, the help and
 * the manual go by it.
 */
enum option_kind { TEXT, FLAG, NUMBER, OCTAL, CHOICE, CHOICES, AGE, PATHS, LATER, NEVER };

struct option_row {
	const char *name;
	enum option_kind kind;
	size_t field; /* in struct options */
	int64_t min, max;
	/* Of a choice: the words, '|' between them, in the order of its enum; "-word" is not
	 * available yet. Of others: what stands for the value in the help. */
	const char *value;
	const char *by_default;
	const char *help;
};

extern const struct option_row option_rows[];
extern const size_t option_rows_n;

/* NULL: there is none. */
const struct option_row *option_find(const char *name);
/* What mount(8) and fstab pass along. */
bool option_is_ignored(const char *name, const char *value);
/* ERR_INVALID, with the nearest right name. */
MUST_CHECK enum err option_refuse_unknown(const char *name, struct buf *reason);
/* The words that can be given, for the user. */
void option_print_words(const char *words, char *ret, size_t size);

#endif
