/* SPDX-License-Identifier: MIT */
#include "model/folder.h"

#include <string.h>

#include "model/names.h"

/*
 * Two passes over all folders: which lead to the root, then what they are called.
 *
 * A name without a suffix turns back into the display name, so two of them are equal
 * only where the display names are; those get suffixes. What is left are names that
 * look like another's name with its suffix (anybody may call a folder so) and folders
 * whose hashes begin alike: settle() gives them a suffix or a longer one. Nothing
 * depends on the order of the list.
 */
enum reach { REACH_UNKNOWN, REACH_WALKING, REACH_SHOWN, REACH_LOST };

struct node {
	struct folder *folder;
	struct node *parent; /* NULL: the root, or none */
	enum reach reach;
	unsigned depth;
	size_t digits; /* of the suffix */
};

struct layout {
	struct node *nodes; /* sorted by id */
	struct node **order;
	size_t n, shown_n;
	const char *root_id;
};

static void layout_release(struct layout *layout)
{
	free(layout->nodes);
	free(layout->order);
	*layout = (struct layout){ 0 };
}

static const char *id_of(const struct node *node)
{
	return node->folder->id ? node->folder->id : "";
}

/* The name of its tree; NULL: it has one of its own. */
static const char *tree_name_of(const struct node *node)
{
	return node->folder->is_top ? tree_info(node->folder->tree)->directory : NULL;
}

static const char *display_name_of(const struct node *node)
{
	return node->folder->display_name ? node->folder->display_name : "";
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(id_of(a), id_of(b));
}

static int compare_id_to_node(const void *id, const void *node)
{
	return strcmp(id, id_of(node));
}

static enum err open_layout(struct layout *layout, struct folders *folders)
{
	layout->n = folders->n;
	layout->nodes = calloc(folders->n + 1, sizeof(*layout->nodes));
	layout->order = calloc(folders->n + 1, sizeof(struct node *));
	if (!layout->nodes || !layout->order)
		return ERR_NOMEM;
	for (size_t i = 0; i < folders->n; i++) {
		layout->nodes[i].folder = &folders->list[i];
		folders->list[i].shown_in = 0;
		str_release(&folders->list[i].shown_as);
	}
	qsort(layout->nodes, layout->n, sizeof(*layout->nodes), compare_ids);
	for (size_t i = 1; i < layout->n; i++) {
		if (compare_ids(&layout->nodes[i - 1], &layout->nodes[i]) == 0)
			return ERR_INVALID;
	}
	return ERR_OK;
}

/* --- what is shown --- */

/* The reach of a folder whose parent's is known; `parent` is NULL below the root. */
static void settle_reach(struct node *node, struct node *parent)
{
	node->depth = parent ? parent->depth + 1 : 1;
	bool shown = (!parent || parent->reach == REACH_SHOWN) && !node->folder->is_hidden &&
		     node->depth <= FOLDER_DEPTH_MAX;
	node->reach = shown ? REACH_SHOWN : REACH_LOST;
	node->parent = parent;
}

static struct node *find_parent(const struct layout *layout, const struct node *node)
{
	const char *id = node->folder->parent_id;

	return id ? bsearch(id, layout->nodes, layout->n, sizeof(*layout->nodes),
			    compare_id_to_node)
		  : NULL;
}

static bool is_below_root(const struct layout *layout, const struct node *node)
{
	const char *id = node->folder->parent_id;

	return node->folder->is_top || (id && strcmp(id, layout->root_id) == 0);
}

/* Climbs to the root or to a folder that is settled, and settles the way back.
 * `order` is the stack: a chain may be as long as the list. */
static void find_reach(struct layout *layout, struct node *node)
{
	size_t n = 0;

	while (node && node->reach == REACH_UNKNOWN) {
		node->reach = REACH_WALKING;
		layout->order[n++] = node;
		if (is_below_root(layout, node)) {
			settle_reach(node, NULL);
			n--;
			break;
		}
		node = find_parent(layout, node);
	}
	if (!node || node->reach == REACH_WALKING) {
		/* No parent, or a cycle: nothing on this way leads to the root. */
		while (n > 0)
			layout->order[--n]->reach = REACH_LOST;
	}
	while (n > 0) {
		settle_reach(layout->order[n - 1], node);
		node = layout->order[--n];
	}
}

static void find_shown(struct layout *layout)
{
	struct node *root = bsearch(layout->root_id, layout->nodes, layout->n,
				    sizeof(*layout->nodes), compare_id_to_node);

	if (root)
		root->reach = REACH_LOST; /* it has no name; its children never ask for it */
	for (size_t i = 0; i < layout->n; i++)
		find_reach(layout, &layout->nodes[i]);
	for (size_t i = 0; i < layout->n; i++) {
		struct node *node = &layout->nodes[i];
		if (node->reach != REACH_SHOWN)
			continue;
		node->folder->shown_in = node->parent ? node->parent->folder->ino : 1;
		layout->order[layout->shown_n++] = node;
	}
}

/* --- what it is called --- */

static int compare_parents(const struct node *a, const struct node *b)
{
	return (a->folder->shown_in > b->folder->shown_in) -
	       (a->folder->shown_in < b->folder->shown_in);
}

static int compare_display_names(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	int order = compare_parents(x, y);

	return order ? order : strcmp(display_name_of(x), display_name_of(y));
}

static int compare_names(const void *a, const void *b)
{
	const struct node *x = *(struct node *const *)a, *y = *(struct node *const *)b;
	int order = compare_parents(x, y);

	return order ? order : strcmp(x->folder->shown_as, y->folder->shown_as);
}

/* How many from `at` on are equal, in an order that was sorted by `compare`. */
static size_t run_len(const struct layout *layout, size_t at,
		      int (*compare)(const void *a, const void *b))
{
	size_t n = 1;

	while (at + n < layout->shown_n && compare(&layout->order[at], &layout->order[at + n]) == 0)
		n++;
	return n;
}

static void suffix_namesakes(struct layout *layout)
{
	size_t n;

	qsort(layout->order, layout->shown_n, sizeof(struct node *), compare_display_names);
	for (size_t at = 0; at < layout->shown_n; at += n) {
		n = run_len(layout, at, compare_display_names);
		for (size_t i = at; n > 1 && i < at + n; i++)
			layout->order[i]->digits = 8;
	}
}

static bool is_reserved(const char *name)
{
	for (const char *const *at = tree_directories; *at; at++) {
		if (strcmp(*at, name) == 0)
			return true;
	}
	return false;
}

static enum err name_node(struct node *node)
{
	AUTO(buf) struct buf name = { 0 };
	bool lost = false;

	str_release(&node->folder->shown_as);
	if (tree_name_of(node))
		return text_copy(tree_name_of(node), &node->folder->shown_as);
	enum err err = name_of_folder(node->folder->display_name, &name, &lost);
	if (!err && (lost || (!node->parent && is_reserved(name.bytes))) && node->digits == 0)
		node->digits = 8;
	if (!err && node->digits > 0)
		err = name_add_hash(&name, id_of(node), node->digits);
	return err ? err : buf_give(&name, &node->folder->shown_as);
}

/* Of folders that came out with one name, the one without a suffix gets it; where
 * all have one, all get a longer one. */
static enum err settle_run(struct node **run, size_t n)
{
	enum err err = ERR_OK;
	bool all_have_suffix = true;

	for (size_t i = 0; i < n; i++)
		all_have_suffix = all_have_suffix && run[i]->digits > 0;
	for (size_t i = 0; !err && i < n; i++) {
		if (run[i]->digits > 0 && !all_have_suffix)
			continue;
		if (run[i]->digits == 64)
			return ERR_INVALID;
		run[i]->digits = run[i]->digits ? 2 * run[i]->digits : 8;
		err = name_node(run[i]);
	}
	return err;
}

/* Ends: each round lengthens a suffix, and a name that imitates another's suffix is
 * longer than it, which NAME_SUBJECT_MAX bounds. */
static enum err settle(struct layout *layout)
{
	enum err err = ERR_OK;
	bool again = true;
	size_t n;

	while (!err && again) {
		again = false;
		qsort(layout->order, layout->shown_n, sizeof(struct node *), compare_names);
		for (size_t at = 0; !err && at < layout->shown_n; at += n) {
			n = run_len(layout, at, compare_names);
			if (n > 1) {
				again = true;
				err = settle_run(&layout->order[at], n);
			}
		}
	}
	return err;
}

enum err folders_lay_out(struct folders *folders, const char *root_id)
{
	AUTO(layout) struct layout layout = { .root_id = root_id };
	enum err err = open_layout(&layout, folders);

	if (err)
		return err;
	find_shown(&layout);
	suffix_namesakes(&layout);
	for (size_t i = 0; !err && i < layout.shown_n; i++)
		err = name_node(layout.order[i]);
	return err ? err : settle(&layout);
}
