/* SPDX-License-Identifier: MIT */
#include "options/config.h"

#include <ini_configobj.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "options/scan.h"
#include "options/table.h"

enum {
	PARSE_FLAGS = INI_PARSE_NOWRAP | INI_PARSE_NO_C_COMMENTS,
	NEAR = 2,
	COLLISIONS = INI_MV1S_ALLOW | INI_MV2S_ALLOW | INI_MS_ERROR,
};

static void cfgobj_release(struct ini_cfgobj **object)
{
	ini_config_destroy(*object);
}

static void cfgfile_release(struct ini_cfgfile **file)
{
	ini_config_file_destroy(*file);
}

static void names_release(char ***names)
{
	if (*names)
		ini_free_attribute_list(*names);
}

/* mount(8) hands HOME=/root on, also when a user mounts. */
static const char *find_home(void)
{
	const char *home = getenv("HOME");

	if (geteuid() == 0 || (home && access(home, X_OK) == 0))
		return home;
	const struct passwd *user = getpwuid(geteuid());
	return user ? user->pw_dir : home;
}

enum err config_print_home(struct buf *ret, const char *variable, const char *below,
			   const char *of_root)
{
	const char *xdg = getenv(variable), *home = find_home();

	if (xdg && *xdg == '/')
		return buf_printf(ret, "%s/ewsfs/", xdg);
	if (home && *home == '/')
		return buf_printf(ret, "%s/%s/ewsfs/", home, below);
	return geteuid() == 0 ? buf_printf(ret, "%s/ewsfs/", of_root) : ERR_NOT_FOUND;
}

/* --- one value --- */

/* Where a value stands, for the reader of the line that refuses it. */
struct place {
	const char *path, *section;
	uint32_t line;
};

static enum err refuse_at(const struct place *place, const char *text, struct buf *reason)
{
	return buf_refuse(reason, ERR_INVALID, "%s:%u: %s", place->path, place->line, text);
}

/* In a file a flag has a value. */
static bool parse_flag(const char *value, bool *ret)
{
	static const char *const words[] = { "no", "yes", "false", "true", "off", "on", "0", "1" };

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(value, words[i]) == 0) {
			*ret = i % 2 == 1;
			return true;
		}
	return false;
}

static enum err set_flag(struct options *options, const struct option_row *row, const char *value,
			 struct buf *reason)
{
	bool is_on;

	if (!parse_flag(value, &is_on))
		return buf_refuse(reason, ERR_INVALID, "%s = %s: give yes or no", row->name, value);
	return is_on ? option_set(options, row, NULL, reason) : ERR_OK;
}

static enum err set_row(struct options *options, const struct option_row *row, const char *value,
			struct buf *reason)
{
	if (row->kind == FLAG)
		return set_flag(options, row, value, reason);
	return option_set(options, row, value, reason);
}

/* From the bytes of the file. */
static enum err set_secret(struct options *options, const struct option_row *row,
			   const struct scan *scan, uint32_t line, struct buf *reason)
{
	AUTO(secret) struct secret value = { 0 };
	size_t n;
	const char *bytes = scan_value(scan, line, &n);

	enum err err = secret_put(&value, bytes, n);
	if (err == ERR_LIMIT)
		return buf_refuse(reason, ERR_INVALID, "%s is too long", row->name);
	return err ? err : option_set(options, row, value.text, reason);
}

static enum err set_value(struct options *options, const struct scan *scan,
			  const struct place *place, const char *name, const char *value,
			  struct buf *reason)
{
	AUTO(buf) struct buf fault = { 0 };
	const struct option_row *row = option_find(name);

	enum err err = row ? ERR_OK : option_refuse_unknown(name, &fault);
	if (row && (options->by_file & option_bit(row)) && row->kind != PATHS)
		err = buf_refuse(&fault, ERR_INVALID, "%s stands twice in [%s]", name,
				 place->section);
	if (!err && options_is_overruled(options, row, value))
		return ERR_OK;
	if (!err)
		err = scan_is_secret(name, strlen(name))
			      ? set_secret(options, row, scan, place->line, &fault)
			      : set_row(options, row, value, &fault);
	if (!err)
		options->by_file |= option_bit(row);
	return err && fault.len ? refuse_at(place, fault.bytes, reason) : err;
}

/* --- the file --- */

/* One name, and each of its values. */
static enum err set_values(struct options *options, const struct scan *scan,
			   struct ini_cfgobj *object, struct place *place, const char *name,
			   struct buf *reason)
{
	enum INI_GET mode = INI_GET_FIRST_VALUE;
	enum err err = ERR_OK;

	while (!err) {
		struct value_obj *value = NULL;
		const char *text = NULL;
		if (ini_get_config_valueobj(place->section, name, object, mode, &value))
			return ERR_NOMEM;
		if (!value)
			break;
		if (value_get_line(value, &place->line) || value_get_concatenated(value, &text))
			return ERR_NOMEM;
		err = set_value(options, scan, place, name, text ? text : "", reason);
		mode = INI_GET_NEXT_VALUE;
	}
	return err;
}

/* A name that stands twice is listed twice, and its values are found with the first. */
static bool was_before(char **names, int i)
{
	for (int j = 0; j < i; j++)
		if (strcmp(names[j], names[i]) == 0)
			return true;
	return false;
}

static enum err set_section(struct options *options, const struct scan *scan,
			    struct ini_cfgobj *object, struct place *place, struct buf *reason)
{
	int n = 0, no = 0;
	AUTO(names) char **names = ini_get_attribute_list(object, place->section, &n, &no);
	enum err err = names ? ERR_OK : ERR_NOMEM;

	for (int i = 0; !err && i < n; i++)
		if (!was_before(names, i))
			err = set_values(options, scan, object, place, names[i], reason);
	return err;
}

/* With the nearest name there is, when that is near. */
static enum err refuse_section(char **names, int n, const char *path, const char *section,
			       struct buf *reason)
{
	const char *best = NULL;

	for (int i = 0; i < n; i++)
		if (option_name_distance(names[i], section) <= NEAR &&
		    (!best ||
		     option_name_distance(names[i], section) < option_name_distance(best, section)))
			best = names[i];
	if (best)
		return buf_refuse(reason, ERR_NOT_FOUND,
				  "no account '%s' in %s: did you mean '%s'?", section, path, best);
	return buf_refuse(reason, ERR_NOT_FOUND,
			  "no account '%s': add [%s] with url= and user= to %s, or give "
			  "https://HOST/EWS/Exchange.asmx",
			  section, section, path);
}

static enum err find_section(struct ini_cfgobj *object, const char *path, const char *section,
			     struct buf *reason)
{
	int n = 0, no = 0;
	AUTO(names) char **names = ini_get_section_list(object, &n, &no);

	for (int i = 0; names && i < n; i++)
		if (strcmp(names[i], section) == 0)
			return ERR_OK;
	return refuse_section(names, names ? n : 0, path, section, reason);
}

/* The parser's own words: "Error (5) on line 2: Equal sign is missing." */
static enum err refuse_syntax(struct ini_cfgobj *object, const char *path, struct buf *reason)
{
	char **errors = NULL;

	ini_config_get_errors(object, &errors);
	enum err err = buf_refuse(reason, ERR_INVALID, "%s: %.*s", path,
				  errors && *errors ? (int)strcspn(*errors, "\n") : 40,
				  errors && *errors ? *errors
						    : "it cannot be read as INI in UTF-8");
	if (errors)
		ini_config_free_errors(errors);
	return err;
}

static enum err parse(struct scan *scan, struct ini_cfgobj *object, const char *path,
		      struct buf *reason)
{
	AUTO(cfgfile) struct ini_cfgfile *file = NULL;

	if (scan->public.len == 0)
		return ERR_OK;
	if (ini_config_file_from_mem(scan->public.bytes, (uint32_t)scan->public.len, &file) ||
	    ini_config_parse(file, INI_STOP_ON_ANY, COLLISIONS, PARSE_FLAGS, object))
		return refuse_syntax(object, path, reason);
	return ERR_OK;
}

static enum err load(struct options *options, const char *path, const char *section,
		     struct buf *reason)
{
	AUTO(scan) struct scan scan = { 0 };
	AUTO(cfgobj) struct ini_cfgobj *object = NULL;
	struct place place = { .path = path, .section = section };

	enum err err = scan_load(&scan, path, reason);
	if (err && err != ERR_NOT_FOUND)
		return err;
	if (ini_config_create(&object))
		return ERR_NOMEM;
	err = parse(&scan, object, path, reason);
	if (!err)
		err = find_section(object, path, section, reason);
	return err ? err : set_section(options, &scan, object, &place, reason);
}

enum err config_load(struct options *options, const char *section, struct buf *reason)
{
	AUTO(buf) struct buf path = { 0 };

	enum err err = config_print_home(&path, "XDG_CONFIG_HOME", ".config", "/etc");
	if (err == ERR_NOT_FOUND)
		return buf_refuse(reason, err,
				  "no place for a configuration file: set HOME, or give a URL");
	if (!err)
		err = buf_append_str(&path, "config");
	return err ? err : load(options, path.bytes, section, reason);
}
