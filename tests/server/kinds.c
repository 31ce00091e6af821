/* SPDX-License-Identifier: MIT */
#include "mailbox.h"

static const struct kind_info kinds[KIND_COUNT] = {
	[KIND_MESSAGE] = { "t:Message", "IPM.Note", 9 },
	[KIND_REPORT] = { "t:Message", "REPORT.IPM.Note.NDR", 23 },
	[KIND_POST] = { "t:PostItem", "IPM.Post", 22 },
	[KIND_REQUEST] = { "t:MeetingRequest", "IPM.Schedule.Meeting.Request", 11 },
	[KIND_RESPONSE] = { "t:MeetingResponse", "IPM.Schedule.Meeting.Resp.Pos", 12 },
	[KIND_CANCELLATION] = { "t:MeetingCancellation", "IPM.Schedule.Meeting.Canceled", 13 },
	[KIND_APPOINTMENT] = { "t:CalendarItem", "IPM.Appointment", 15 },
	[KIND_CONTACT] = { "t:Contact", "IPM.Contact", 17 },
	[KIND_LIST] = { "t:DistributionList", "IPM.DistList", 18 },
	[KIND_TASK] = { "t:Task", "IPM.Task", 19 },
	[KIND_SHARING] = { "t:SharingMessage", "IPM.Sharing", 9 },
	[KIND_OTHER] = { "t:Item", "IPM.Item", 9 },
};

static const struct folder_kind_info folder_kinds[FOLDER_KIND_COUNT] = {
	[FOLDER_MAIL] = { "t:Folder", "IPF.Note", 1 },
	[FOLDER_CALENDAR] = { "t:CalendarFolder", "IPF.Appointment", 2 },
	[FOLDER_CONTACTS] = { "t:ContactsFolder", "IPF.Contact", 3 },
	[FOLDER_TASKS] = { "t:TasksFolder", "IPF.Task", 4 },
};

const struct kind_info *kind_info(enum kind kind)
{
	return &kinds[kind];
}

const struct folder_kind_info *folder_kind_info(enum folder_kind kind)
{
	return &folder_kinds[kind];
}

enum folder_kind kind_folder(enum kind kind)
{
	switch (kind) {
	case KIND_APPOINTMENT: return FOLDER_CALENDAR;
	case KIND_CONTACT:
	case KIND_LIST: return FOLDER_CONTACTS;
	case KIND_TASK: return FOLDER_TASKS;
	default: return FOLDER_MAIL;
	}
}
