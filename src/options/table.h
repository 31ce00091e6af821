/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_TABLE_H
#define OPTIONS_TABLE_H

#include "options/options.h"

/*
 * table - every option: its name, kind, range, default and help. `-o`, the configuration file, the
 * help and the manual go by it.
 */
enum option_kind { TEXT, FLAG, NUMBER, OCTAL, CHOICE, CHOICES, AGE, SIZE, PATHS, SECRET, LATER };

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
/* In options.by_line and .by_file. */
uint64_t option_bit(const struct option_row *row);
/* The place of a word among those of a choice; -1: it has none such. */
int option_find_word(const struct option_row *row, const char *word);
/* What mount(8) and fstab pass along. */
bool option_is_ignored(const char *name, const char *value);
/* ERR_INVALID, with the nearest right name. */
MUST_CHECK enum err option_refuse_unknown(const char *name, struct buf *reason);
/* How many letters are to be changed, put in or taken out. */
size_t option_name_distance(const char *a, const char *b);
/* The words that can be given, for the user. */
void option_print_words(const char *words, char *ret, size_t size);

/* --- help.c --- */

/* NAME=VALUE; what it does, with its words or its range. */
MUST_CHECK enum err option_print_name(const struct option_row *row, struct buf *ret);
MUST_CHECK enum err option_print_help(const struct option_row *row, struct buf *ret);

/* --- value.c --- */

/* Without a word about who said so. */
MUST_CHECK enum err option_set(struct options *options, const struct option_row *row,
			       const char *value, struct buf *reason);

/* --- rules.c --- */

/* `-o` gave that option, or one that contradicts it. */
bool options_is_overruled(const struct options *options, const struct option_row *row,
			  const char *value);
/* ERR_INVALID when two options contradict each other. */
MUST_CHECK enum err options_check_rules(const struct options *options, struct buf *reason);

#endif
