/* SPDX-License-Identifier: MIT */
#ifndef SYNC_LISTING_H
#define SYNC_LISTING_H

#include "sync/engine.h"

/*
 * listing - what the server says of the folders of one tree: all of them, or what changed.
 *
 * Where the top of a mailbox is closed to us, as it often is for delegates, each of its known
 * folders that is open is a top of its own (is_pieced), and the root is nobody's. Such folders, and
 * those of a tree that SyncFolder* do not work in, are found level by level: the deep search is
 * refused for public folders.
 */
#define LISTING_NAMED_N 12

struct listing {
	enum tree tree;
	struct folder root;		  /* empty when is_pieced */
	char *named_ids[LISTING_NAMED_N]; /* NULL: not there; of the mailbox from nothing */
	bool is_full, is_pieced;
	enum err root_err; /* why there is no such tree */
	char code[64];	   /* the server's word for that */
	struct ews_hierarchy *pages;
	size_t n, size;
	struct folders known; /* as stored, before */
};
void listing_release(struct listing *listing);

/* What this listing calls the folder of that id; NULL: nothing. */
const char *listing_name_of(const struct listing *listing, const char *id);
/* Its id came, and it is among what is listed. */
bool listing_knows_inbox(const struct listing *listing);
bool listing_has_inbox(const struct listing *listing);

/* The root, and of the mailbox the folders that have names. */
MUST_CHECK enum err listing_read_root(struct sync *sync, struct listing *listing);
/* All pages of SyncFolderHierarchy from that state on; NULL: from nothing. */
MUST_CHECK enum err listing_read_pages(struct sync *sync, const char *state,
				       struct listing *listing);
/* All that is below the root, or below the tops. */
MUST_CHECK enum err listing_search(struct sync *sync, struct listing *listing);

#endif
