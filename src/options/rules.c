/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "options/table.h"

/* Which options go together. */

/* An option that is given, or one that has a value, or has not. */
struct side {
	const char *name, *word;
	bool is_not;
};

/* Both at once are a mistake. */
struct rule {
	struct side a, b;
};

static const struct rule rules[] = {
	{ { "poll" }, { "notify", "off" } },
	{ { "password" }, { "password_command" } },
	{ { "password" }, { "auth", "bearer" } },
	{ { "password_command" }, { "auth", "bearer" } },
	{ { "token_command" }, { "auth", "basic" } },
	{ { "token_command" }, { "auth", "ntlm" } },
	{ { "token_command" }, { "auth", "negotiate" } },
	{ { "cache_limit" }, { "content", "ondemand", .is_not = true } },
};

static bool is_given(const struct options *options, const struct side *side)
{
	const struct option_row *row = option_find(side->name);

	return row && ((options->by_line | options->by_file) & option_bit(row));
}

bool options_has(const struct options *options, const char *name)
{
	return is_given(options, &(struct side){ .name = name });
}

static bool holds(const struct options *options, const struct side *side)
{
	const struct option_row *row = option_find(side->name);

	if (!row || !side->word)
		return is_given(options, side);
	int value = *(const int *)((const char *)options + row->field);
	return (value == option_find_word(row, side->word)) != side->is_not;
}

/* The side is this option, and would hold with that value. */
static bool would_hold(const struct side *side, const struct option_row *row, const char *value)
{
	return strcmp(side->name, row->name) == 0 &&
	       (!side->word || (strcmp(side->word, value) == 0) != side->is_not);
}

static bool holds_by_line(const struct options *options, const struct side *side)
{
	const struct option_row *row = option_find(side->name);

	return row && (options->by_line & option_bit(row)) && holds(options, side);
}

bool options_is_overruled(const struct options *options, const struct option_row *row,
			  const char *value)
{
	if (options->by_line & option_bit(row))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		const struct side *a = &rules[i].a, *b = &rules[i].b;
		if ((would_hold(a, row, value) && holds_by_line(options, b)) ||
		    (would_hold(b, row, value) && holds_by_line(options, a)))
			return true;
	}
	return false;
}

static enum err refuse(const struct rule *rule, struct buf *reason)
{
	const struct side *b = &rule->b;

	if (b->is_not)
		return buf_refuse(reason, ERR_INVALID,
				  "%s= needs %s=%s: give it too, or leave %s= out", rule->a.name,
				  b->name, b->word, rule->a.name);
	return buf_refuse(reason, ERR_INVALID, "%s= and %s=%s contradict each other: leave one out",
			  rule->a.name, b->name, b->word ? b->word : "");
}

enum err options_check_rules(const struct options *options, struct buf *reason)
{
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		if (holds(options, &rules[i].a) && holds(options, &rules[i].b))
			return refuse(&rules[i], reason);
	return ERR_OK;
}
