/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "options/table.h"

/* A program of the build: prints the option list of the manual page ewsfs(1), for scdoc. */

/* A backslash takes the meaning away from any character. */
static void print_plain(const char *s)
{
	for (; *s; s++) {
		if (strchr("\\_*<>~[]|#-.", *s))
			putchar('\\');
		putchar(*s);
	}
}

static void print_name(const struct option_row *row, bool is_choice)
{
	printf("*");
	print_plain(row->name);
	printf("%s*", row->value ? "=" : "");
	if (row->value) {
		printf("_");
		print_plain(is_choice ? "WORD" : row->value);
		printf("_");
	}
	printf("\n\t");
}

static void print_row(const struct option_row *row)
{
	bool is_choice = row->kind == CHOICE || row->kind == CHOICES;
	char words[128] = "";

	print_name(row, is_choice);
	print_plain(row->help);
	if (is_choice) {
		option_print_words(row->value, words, sizeof(words));
		printf(": ");
		print_plain(words);
	}
	if (row->kind == NUMBER && row->max < INT_MAX)
		printf(", %lld to %lld", (long long)row->min, (long long)row->max);
	if (row->by_default) {
		printf(". Default: ");
		print_plain(row->by_default);
	}
	printf(".\n\n");
}

int main(void)
{
	for (size_t i = 0; i < option_rows_n; i++)
		if (option_rows[i].kind != LATER)
			print_row(&option_rows[i]);
	return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
