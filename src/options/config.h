/* SPDX-License-Identifier: MIT */
#ifndef OPTIONS_CONFIG_H
#define OPTIONS_CONFIG_H

#include "options/options.h"

/*
 * config - $XDG_CONFIG_HOME/ewsfs/config: INI, a section an account, the names of `-o`.
 *
 * What `-o` said stays: a line of the file counts where `-o` neither gave that option nor
 * contradicts it. Secrets of the file go from its bytes, in memory that is wiped, to their fields:
 * the parser of INI never sees them, since what it copies is not wiped.
 */

/* Sets what the section says. ERR_NOT_FOUND, with a reason: there is no file, or no such section. */
MUST_CHECK enum err config_load(struct options *options, const char *section, struct buf *reason);
/* Below $XDG_<kind>_HOME, else below `below` in HOME, else, for root, below `of_root`; ends in
 * "/ewsfs/". ERR_NOT_FOUND: there is no place. */
MUST_CHECK enum err config_print_home(struct buf *ret, const char *variable, const char *below,
				      const char *of_root);

#endif
