/* SPDX-License-Identifier: MIT */
#ifndef FS_NODE_H
#define FS_NODE_H

#include "fs/session.h"

/*
 * node - items and folders in the kernel's words.
 *
 * Identities: the nodeid of an item or folder is its inode number in the store, never reused, so
 * nothing is counted and nothing is kept here. What an inode holds never changes (I2): the
 * kernel may keep names and attributes for as long as it likes and is told of changes.
 */
#define NODE_TIMEOUT_S 86400.0

/* How long the kernel may keep its attributes. Those of a file whose content is not here are asked
 * for each time: its size may be an estimate, and who opens the file just after the content came
 * does not wait for the news of the exact one. */
double node_timeout_s(const struct mailbox_node *node);
void node_stat(const struct fs *fs, const struct mailbox_node *node, struct stat *ret);
void node_entry(const struct fs *fs, const struct mailbox_node *node, struct fuse_entry_param *ret);

/* The mode of a file or directory that shows these bits to its owner. */
mode_t node_mode(const struct fs_options *options, mode_t type, mode_t owner_bits);

/* Answers with the errno of err; a broken cache is logged as well. */
void node_reply_err(fuse_req_t req, enum err err);

#endif
