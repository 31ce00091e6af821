/* SPDX-License-Identifier: MIT */
#ifndef MODEL_NAMES_H
#define MODEL_NAMES_H

#include "model/item.h"

/*
 * names - what files and folders are called (invariant I3: names are pure).
 *
 * A name depends on the item alone, never on its neighbours or on the order of
 * arrival, so two caches of one mailbox show one tree. The grammar is that of
 * INTERFACE.md, "The tree": DATE SUBJECT.HASH.EXT. No function here touches
 * the disk or the network, or keeps state.
 *
 * No name is longer than 255 bytes: 17 (date) + 1 + 180 (subject) + 1 + 12 + 4.
 */
#define NAME_SUBJECT_MAX 180
#define NAME_BYTES_MAX 255

/* The whole file name of an item. A contact without PR_DISPLAY_NAME is called by its
 * subject; a time that no calendar shows counts as absent. */
MUST_CHECK enum err name_of_item(const struct item *item, struct buf *ret);

/*
 * Any text made fit to be part of a file name; *ret may come out empty. The
 * steps and their order are those of INTERFACE.md. Ill-formed UTF-8 becomes one U+FFFD
 * for each maximal subpart. A first grapheme of more than NAME_SUBJECT_MAX bytes is cut
 * at a code point. Work is bounded: after 2048 code points nothing is looked at.
 */
MUST_CHECK enum err name_clean(const char *text, size_t n, struct buf *ret);

/*
 * A folder's name before a suffix: cleaned, "(no name)" when nothing is left, a
 * leading dot as U+2024. *ret_lost: turning the fullwidth forms back does not
 * give the display name, so the suffix is needed. U+2024 is none of those forms: a name
 * with a leading dot always gets the suffix. Two names without one are equal
 * only where the display names are.
 */
MUST_CHECK enum err name_of_folder(const char *display_name, struct buf *ret, bool *ret_lost);
/* Appends " ~" and hex digits of SHA-256 of the folder's id: 8, or more (even, at most 64) where
 * 8 collide. Cuts the name before it (at a grapheme) so that the whole stays within 255 bytes. */
MUST_CHECK enum err name_add_hash(struct buf *name, const char *folder_id, size_t digits);

#endif
