/* SPDX-License-Identifier: MIT */
#include "options/keyring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

bool keyring_is_there(void)
{
	const char *dirs = getenv("PATH");
	char path[4096];

	while (dirs && *dirs) {
		size_t n = strcspn(dirs, ":");
		snprintf(path, sizeof(path), "%.*s/%s", (int)n, dirs, KEYRING_TOOL);
		if (n > 0 && access(path, X_OK) == 0)
			return true;
		dirs += n + (dirs[n] == ':');
	}
	return false;
}

enum err keyring_print_command(const char *account, struct buf *ret)
{
	enum err err = buf_append_str(ret,
				      KEYRING_TOOL " lookup service " KEYRING_SERVICE " account '");

	for (const char *c = account; !err && *c; c++)
		err = *c == '\'' ? buf_append_str(ret, "'\\''") : buf_append_char(ret, *c);
	return err ? err : buf_printf(ret, "' || exit %d", SECRET_NOT_KEPT);
}
