/* SPDX-License-Identifier: MIT */
#include <limits.h>

#include "options/table.h"

/* The text of -h. */

enum err option_print_name(const struct option_row *row, struct buf *ret)
{
	bool is_choice = row->kind == CHOICE || row->kind == CHOICES;

	if (!row->value)
		return buf_append_str(ret, row->name);
	return buf_printf(ret, "%s=%s", row->name, is_choice ? "WORD" : row->value);
}

enum err option_print_help(const struct option_row *row, struct buf *ret)
{
	char words[128];

	enum err err = buf_append_str(ret, row->help);
	if (!err && (row->kind == CHOICE || row->kind == CHOICES)) {
		option_print_words(row->value, words, sizeof(words));
		err = buf_printf(ret, ": %s", words);
	}
	if (!err && row->kind == NUMBER && row->max < INT_MAX)
		err = buf_printf(ret, ", %lld to %lld", (long long)row->min, (long long)row->max);
	return err;
}

static enum err print_row(const struct option_row *row, struct buf *ret)
{
	AUTO(buf) struct buf name = { 0 };

	enum err err = option_print_name(row, &name);
	if (!err)
		err = buf_printf(ret, "    %-26s ", name.bytes);
	if (!err)
		err = option_print_help(row, ret);
	if (!err && row->by_default)
		err = buf_printf(ret, " (%s)", row->by_default);
	return err ? err : buf_append_char(ret, '\n');
}

enum err options_print_help(struct buf *ret)
{
	enum err err = buf_append_str(
		ret,
		"usage: ewsfs [-f] [-d] [-o OPTION[,OPTION...]] SOURCE MOUNTPOINT\n\n"
		"Mounts an Exchange mailbox. SOURCE is an account of the configuration file\n"
		"($XDG_CONFIG_HOME/ewsfs/config: a section each, with the options below),\n"
		"an address (alice@corp.example: autodiscover), or the URL of the web service:\n"
		"https://mail.corp.example/EWS/Exchange.asmx\n\n"
		"    -f   stay in the foreground, log to stderr\n"
		"    -d   debug: -f and every request of the kernel\n"
		"    -o   options; a comma in a value is written \\,\n"
		"    -h   this help\n"
		"    -V   versions\n\n"
		"Options (default in brackets):\n");

	for (size_t i = 0; !err && i < option_rows_n; i++)
		if (option_rows[i].kind != LATER)
			err = print_row(&option_rows[i], ret);
	return err ? err : buf_append_str(ret, "\nUnmount with fusermount3 -u MOUNTPOINT.\n");
}
