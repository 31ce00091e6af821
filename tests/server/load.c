/* SPDX-License-Identifier: MIT */
#include "load.h"

#include <stdio.h>

bool load_mail(struct mailbox *box, const char *folder, const char *path)
{
	(void)box;
	(void)folder;
	(void)path;
	return false;
}

enum err load_file(const char *path, struct buf *ret)
{
	char piece[65536];
	FILE *file = fopen(path, "re");
	size_t n;
	enum err err = ERR_OK;

	if (!file)
		return ERR_IO;
	while (!err && (n = fread(piece, 1, sizeof(piece), file)) > 0)
		err = buf_append(ret, piece, n);
	if (!err && ferror(file))
		err = ERR_IO;
	fclose(file);
	return err;
}
