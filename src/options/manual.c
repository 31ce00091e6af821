/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "options/table.h"

/* A program of the build: prints the option list of the manual page ewsfs(1), for scdoc. */

/* A backslash takes the meaning away from any character. */
static void print_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (strchr("\\_*<>~[]|#-.", s[i]))
			putchar('\\');
		putchar(s[i]);
	}
}

static void print_name(const char *name)
{
	size_t n = strcspn(name, "="), value = n + (name[n] == '=');

	putchar('*');
	print_plain(name, value);
	putchar('*');
	if (name[value]) {
		putchar('_');
		print_plain(name + value, strlen(name + value));
		putchar('_');
	}
	printf("\n\t");
}

static enum err print_row(const struct option_row *row)
{
	AUTO(buf) struct buf name = { 0 }, help = { 0 };

	enum err err = option_print_name(row, &name);
	if (!err)
		err = option_print_help(row, &help);
	if (!err && row->by_default)
		err = buf_printf(&help, ". Default: %s", row->by_default);
	if (err)
		return err;
	print_name(name.bytes);
	print_plain(help.bytes, help.len);
	printf(".\n\n");
	return ERR_OK;
}

int main(void)
{
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < option_rows_n; i++)
		if (option_rows[i].kind != LATER)
			err = print_row(&option_rows[i]);
	return !err && fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
