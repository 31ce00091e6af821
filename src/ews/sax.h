/* SPDX-License-Identifier: MIT */
#ifndef EWS_SAX_H
#define EWS_SAX_H

#include "base/buf.h"

/*
 * sax - a reply read as it comes, by a table of rules.
 *
 * libxml2's push parser without network, entities and DTD, behind the charfilter. Bounds
 * (I9): SAX_DEPTH_MAX elements deep, libxml2's own 10 MB for a name, an attribute and
 * all names together, and a cap for each text that a rule asks for; the rest is passed over
 * and held nowhere.
 */
#define SAX_DEPTH_MAX 64

struct sax;

/*
 * What to do at one place. A path is anchored (see struct sax_table) and made of elements
 * "m:Items": a letter for the namespace (s envelope, m messages, t types, e errors) and the
 * local name, whatever the prefix in the reply; without a letter the namespace is not looked
 * at. "*" is any element, and "**" at the end one or more of them. The first rule that fits
 * wins. All functions are optional.
 */
struct sax_rule {
	const char *path;
	/* The start of the element; attributes can be read. */
	enum err (*open)(void *ctx, const struct sax *sax);
	/* The whole text of an element without elements in it. */
	enum err (*text)(void *ctx, const struct sax *sax, const char *text, size_t n);
	/* The text in pieces, for the one that is too long to hold. As it stands in the reply
	 * where it has no markup: not filtered, line ends as they are. Not together with text(). */
	enum err (*piece)(void *ctx, const char *bytes, size_t n);
	enum err (*close)(void *ctx, const struct sax *sax);
	/* In place of text() when the text is longer than cap; without it ERR_LIMIT. */
	enum err (*over)(void *ctx, const struct sax *sax);
	size_t cap; /* of text */
	size_t arg; /* for the functions: sax_arg() */
};

/* Rules, closed by an empty one, and how many elements deep their paths start (0: the root). */
struct sax_table {
	const struct sax_rule *rules;
	size_t depth;
	void *ctx;
};
#define SAX_TABLES_MAX 2
#define SAX_RULES_MAX 128 /* in all tables */

/* The tables are copied, their rules are not. Earlier tables win. ERR_INVALID: too many rules, or
 * one deeper than SAX_DEPTH_MAX. */
MUST_CHECK enum err sax_new(const struct sax_table *tables, size_t n, struct sax **ret);
/* The error of a rule's function as it is. ERR_PROTOCOL: not well-formed. ERR_NOT_EWS: not
 * even XML. ERR_STALE_REPLY: something follows the document. Once failed, always failed. */
MUST_CHECK enum err sax_feed(struct sax *sax, const char *bytes, size_t n);
/* ERR_PROTOCOL also when the document is not complete. */
MUST_CHECK enum err sax_finish(struct sax *sax);
void sax_release(struct sax **sax);

/* For the functions of rules: of the element they were called for. */
size_t sax_arg(const struct sax *sax);
const char *sax_name(const struct sax *sax);
bool sax_is(const struct sax *sax, char ns, const char *name);
/* Only within open(). Borrowed and not terminated; NULL when there is none. */
const char *sax_attr(const struct sax *sax, const char *name, size_t *ret_n);
/* A copy of it, NULL when there is none; ERR_LIMIT beyond `max` bytes. Replaces *ret. */
MUST_CHECK enum err sax_copy_attr(const struct sax *sax, const char *name, size_t max, char **ret);
/* Appends the local names from `depth` on: "CompleteName/FirstName"; an element with an
 * attribute Key as "Entry[Key]". */
MUST_CHECK enum err sax_print_path(const struct sax *sax, size_t depth, struct buf *ret);

#endif
