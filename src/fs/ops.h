/* SPDX-License-Identifier: MIT */
#ifndef FS_OPS_H
#define FS_OPS_H

#include "fs/session.h"

/* ops - the operations that the kernel asks for. Each answers its request, now or later. */
extern const struct fuse_lowlevel_ops fs_ops;

/* lookup.c */
void op_lookup(fuse_req_t req, fuse_ino_t parent, const char *name);
void op_getattr(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void op_setattr(fuse_req_t req, fuse_ino_t ino, struct stat *attr, int to_set,
		struct fuse_file_info *file);
void op_forget(fuse_req_t req, fuse_ino_t ino, uint64_t lookups_n);
void op_forget_multi(fuse_req_t req, size_t n, struct fuse_forget_data *forgets);
/* readdir.c */
void op_readdirplus(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		    struct fuse_file_info *file);
/* read.c */
void op_read(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
	     struct fuse_file_info *file);
void op_statfs(fuse_req_t req, fuse_ino_t ino);
/* xattr.c */
void op_getxattr(fuse_req_t req, fuse_ino_t ino, const char *name, size_t size);
void op_listxattr(fuse_req_t req, fuse_ino_t ino, size_t size);
/* open.c */
void op_open(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void op_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
void op_release(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *file);
/* Answers an open, of a content that passes or not; who holds that gives it up. */
void open_reply(fuse_req_t req, uint64_t ino, bool is_passed);
/* Answers a read, now or when the content has come. */
void open_read(fuse_req_t req, uint64_t ino, size_t n, off_t offset, int tries);
/* command.c */
void op_write(fuse_req_t req, fuse_ino_t ino, const char *bytes, size_t n, off_t offset,
	      struct fuse_file_info *file);

#endif
