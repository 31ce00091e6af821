/* SPDX-License-Identifier: MIT */
#include "ctl/progress.h"

#include <string.h>

enum { MINUTE_S = 60, HOUR_S = 3600, DAY_S = 86400, MS_PER_S = 1000 };
/* How much the newest second weighs: jumps are smoothed, a change shows within some seconds. */
static const double meter_weight = 0.3;

void meter_feed(struct meter *meter, int64_t now_ms, int64_t done)
{
	int64_t ms = now_ms - meter->at_ms;

	if (meter->at_ms && done >= meter->done && ms > 0) {
		double now = (double)(done - meter->done) * MS_PER_S / (double)ms;
		meter->per_s = meter->per_s > 0 ? meter->per_s + meter_weight * (now - meter->per_s)
						: now;
	} else if (done < meter->done) {
		meter->per_s = 0; /* another run */
	}
	meter->at_ms = now_ms;
	meter->done = done;
}

/* The mount counts bytes for the mailbox as a whole; of a folder it knows the items. */
static void take_amounts(const struct report *report, struct progress *ret)
{
	int64_t done = report_number(report, "bytes-done");
	int64_t total = report_number(report, "bytes-total");
	int64_t items = report_number(report, "items"), pending = report_number(report, "pending");

	ret->in_bytes = done >= 0 && total > 0;
	if (ret->in_bytes) {
		ret->done = done < total ? done : total;
		ret->total = total;
	} else if (items >= 0 && pending > 0) {
		ret->done = items;
		ret->total = items + pending;
	}
}

struct progress progress_of(const struct report *report, struct meter *meter, int64_t now_ms)
{
	struct progress progress = { .eta_s = -1 };
	int64_t eta_s = report_number(report, "eta");

	take_amounts(report, &progress);
	progress.is_running = progress.total > 0;
	if (!progress.is_running)
		return progress;
	if (meter) {
		meter_feed(meter, now_ms, progress.done);
		progress.per_s = meter->per_s;
	}
	double left = (double)(progress.total - progress.done);
	if (eta_s >= 0)
		progress.eta_s = eta_s;
	else if (progress.per_s > 0)
		progress.eta_s = (int64_t)(left / progress.per_s + 0.5);
	if (progress.per_s <= 0 && progress.in_bytes && eta_s > 0)
		progress.per_s = left / (double)eta_s;
	return progress;
}

/* --- how it looks --- */

enum err progress_print_bar(struct buf *buf, int64_t done, int64_t total, unsigned width)
{
	unsigned full = total > 0 ? (unsigned)((double)done / (double)total * width) : 0;
	enum err err = buf_append_char(buf, '[');

	for (unsigned i = 0; !err && i < width; i++)
		err = buf_append_char(buf, i < full ? '#' : '.');
	return err ? err : buf_append_char(buf, ']');
}

enum err progress_print_bytes(struct buf *buf, double bytes)
{
	static const char *const units[] = { "B", "kB", "MB", "GB", "TB" };
	size_t i = 0;

	/* 999.5 would be shown as 1000. */
	while (bytes >= 999.5 && i + 1 < ARRAY_LEN(units)) {
		bytes /= 1000;
		i++;
	}
	return buf_printf(buf, i > 0 && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[i]);
}

enum err progress_print_time(struct buf *buf, int64_t s)
{
	long long n = s;

	if (n < MINUTE_S)
		return buf_printf(buf, "%lld s", n);
	if (n < HOUR_S)
		return buf_printf(buf, "%lld min %lld s", n / MINUTE_S, n % MINUTE_S);
	if (n < DAY_S)
		return buf_printf(buf, "%lld h %lld min", n / HOUR_S, n % HOUR_S / MINUTE_S);
	return buf_printf(buf, "%lld d %lld h", n / DAY_S, n % DAY_S / HOUR_S);
}

enum err progress_print_count(struct buf *buf, int64_t n)
{
	enum err err = n < 1000 ? ERR_OK : progress_print_count(buf, n / 1000);

	return err ? err : buf_printf(buf, n < 1000 ? "%lld" : ",%03lld", (long long)(n % 1000));
}

static enum err print_amount(struct buf *buf, const struct progress *progress, int64_t n)
{
	return progress->in_bytes ? progress_print_bytes(buf, (double)n)
				  : progress_print_count(buf, n);
}

static enum err print_speed(struct buf *buf, const struct progress *progress)
{
	enum err err = buf_append_str(buf, ", ");

	if (!err && progress->in_bytes)
		err = progress_print_bytes(buf, progress->per_s);
	else if (!err)
		err = buf_printf(buf, "%.0f", progress->per_s);
	return err ? err : buf_append_str(buf, "/s");
}

static enum err print_amounts(struct buf *buf, const struct progress *progress)
{
	enum err err = print_amount(buf, progress, progress->done);

	if (!err)
		err = buf_append_str(buf, " of ");
	if (!err)
		err = print_amount(buf, progress, progress->total);
	if (!err && !progress->in_bytes)
		err = buf_append_str(buf, " items");
	if (!err && progress->per_s > 0)
		err = print_speed(buf, progress);
	if (!err && progress->eta_s >= 0)
		err = buf_append_str(buf, ", ");
	if (!err && progress->eta_s >= 0)
		err = progress_print_time(buf, progress->eta_s);
	return err || progress->eta_s < 0 ? err : buf_append_str(buf, " left");
}

enum err progress_print(struct buf *buf, const struct progress *progress, unsigned bar_width)
{
	int percent = (int)((double)progress->done * 100 / (double)progress->total);
	enum err err = ERR_OK;

	if (bar_width)
		err = progress_print_bar(buf, progress->done, progress->total, bar_width);
	if (!err)
		err = buf_printf(buf, bar_width ? " %3d %%  " : "%d %%, ", percent);
	return err ? err : print_amounts(buf, progress);
}

/* --- status --- */

static enum err print_number(struct buf *buf, const struct report *report, const char *name,
			     const char *before, bool even_zero)
{
	int64_t n = report_number(report, name);

	if (n < 0 || (n == 0 && !even_zero))
		return ERR_OK;
	enum err err = buf_append_str(buf, before);
	if (!err)
		err = progress_print_count(buf, n);
	return err ? err : buf_printf(buf, " %s", name);
}

static enum err print_counts(struct buf *buf, const struct report *report)
{
	static const char *const faults[] = { "pending", "quarantined", "regressed", "uncovered" };
	enum err err = print_number(buf, report, "items", "", true);

	if (!err)
		err = print_number(buf, report, "unread", ", ", true);
	for (size_t i = 0; !err && i < ARRAY_LEN(faults); i++)
		err = print_number(buf, report, faults[i], ", ", false);
	return err;
}

static enum err print_row(struct buf *buf, const char *name, const char *value)
{
	return *value ? buf_printf(buf, "  %-13s%s\n", name, value) : ERR_OK;
}

enum err status_print(struct buf *buf, const char *dir, const struct report *report,
		      const struct progress *progress, unsigned bar_width)
{
	static const char *const rows[][2] = {
		{ "last sync", "last-sync" },	  { "last change", "last-change" },
		{ "last error", "last-error" },	  { "throttled to", "throttled-until" },
		{ "last verify", "last-verify" }, { "last resync", "last-resync" },
	};
	enum err err = buf_printf(buf, "%s: %s\n", dir, report_text(report, "state"));

	if (!err && progress->is_running)
		err = buf_append_str(buf, "  ");
	if (!err && progress->is_running)
		err = progress_print(buf, progress, bar_width);
	if (!err && progress->is_running)
		err = buf_append_char(buf, '\n');
	if (!err)
		err = buf_printf(buf, "  %-13s", "items");
	if (!err)
		err = print_counts(buf, report);
	if (!err)
		err = buf_append_char(buf, '\n');
	for (size_t i = 0; !err && i < ARRAY_LEN(rows); i++)
		err = print_row(buf, rows[i][0], report_text(report, rows[i][1]));
	return err;
}

enum err status_print_line(struct buf *buf, const struct report *report,
			   const struct progress *progress)
{
	enum err err = buf_printf(buf, "%s, ", report_text(report, "state"));

	if (!err)
		err = print_counts(buf, report);
	if (!err && progress->is_running)
		err = buf_append_str(buf, ", ");
	if (!err && progress->is_running)
		err = progress_print(buf, progress, 0);
	return err;
}
