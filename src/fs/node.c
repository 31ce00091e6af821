/* SPDX-License-Identifier: MIT */
#include "fs/node.h"

#include "base/clock.h"
#include "base/log.h"

#define BLOCK_BYTES 512
/* What cat and cp read at once: the kernel's read-ahead window. */
#define IO_BYTES 131072

mode_t node_mode(const struct fs_options *options, mode_t type, mode_t owner_bits)
{
	mode_t all = owner_bits | owner_bits >> 3 | owner_bits >> 6;

	return type | (options->has_umask ? all & ~(mode_t)options->umask : owner_bits);
}

static struct timespec from_ns(int64_t ns)
{
	struct timespec time = { .tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S };

	if (time.tv_nsec < 0) {
		time.tv_sec--;
		time.tv_nsec += NS_PER_S;
	}
	return time;
}

/* A directory says nlink 1, "not counted", as on btrfs: fts and find then trust no leaf count. */
void node_stat(const struct fs *fs, const struct mailbox_node *node, struct stat *ret)
{
	*ret = (struct stat){
		.st_ino = node->ino,
		.st_mode = node->is_dir ? node_mode(&fs->options, S_IFDIR, 0500)
					: node_mode(&fs->options, S_IFREG, 0400),
		.st_nlink = node->is_buried ? 0 : 1,
		.st_uid = fs->options.uid,
		.st_gid = fs->options.gid,
		.st_size = (off_t)node->size,
		.st_blocks = (blkcnt_t)((node->size + BLOCK_BYTES - 1) / BLOCK_BYTES),
		.st_blksize = IO_BYTES,
		.st_atim = from_ns(node->mtime_ns),
		.st_mtim = from_ns(node->mtime_ns),
		.st_ctim = from_ns(node->ctime_ns),
	};
}

double node_timeout_s(const struct mailbox_node *node)
{
	return node->is_absent ? 0 : NODE_TIMEOUT_S;
}

void node_entry(const struct fs *fs, const struct mailbox_node *node, struct fuse_entry_param *ret)
{
	*ret = (struct fuse_entry_param){
		.ino = node->ino,
		.generation = mailbox_generation(fs->mailbox),
		.attr_timeout = node_timeout_s(node),
		.entry_timeout = NODE_TIMEOUT_S,
	};
	node_stat(fs, node, &ret->attr);
}

void node_reply_err(fuse_req_t req, enum err err)
{
	if (err == ERR_STORE || err == ERR_DAMAGED || err == ERR_IO)
		log_error("cannot answer the kernel: %s; the program that asked gets EIO",
			  err_text(err));
	fuse_reply_err(req, err_to_errno(err));
}
