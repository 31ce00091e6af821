/* SPDX-License-Identifier: MIT */
#include "base/err.h"

#include <errno.h>

static const struct {
	int no;
	const char *text;
} errors[] = { [ERR_OK] = { 0, "success" },
#define X(name, no, text) [ERR_##name] = { no, text },
	       ERR_TABLE(X)
#undef X
};

int err_to_errno(enum err err)
{
	return errors[err].no;
}

const char *err_text(enum err err)
{
	return errors[err].text;
}

enum err err_from_errno(int no)
{
	switch (no) {
	case 0: return ERR_OK;
	case ENOMEM: return ERR_NOMEM;
	case ENOENT: return ERR_NOT_FOUND;
	case EACCES: return ERR_DENIED;
	case EPERM: return ERR_PERM;
	case EROFS: return ERR_READ_ONLY;
	case EBUSY: return ERR_BUSY;
	case EINTR: return ERR_INTERRUPTED;
	case EINVAL: return ERR_INVALID;
	case EDQUOT:
	case ENOSPC: return ERR_NO_SPACE;
	default: return ERR_IO;
	}
}
