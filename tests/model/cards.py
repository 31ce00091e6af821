# SPDX-License-Identifier: MIT
"""vCards and to-dos as they have to read, line by line, from the server's truth alone."""
import datetime
import re
import urllib.parse

import ewsfs

HALF_DAY_S = 43200
UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STATUSES = {"InProgress": "IN-PROCESS", "Completed": "COMPLETED"}
PRIORITIES = {"High": "1", "Normal": "5", "Low": "9"}
CLASSES = {"Normal": "PUBLIC", "Personal": "PRIVATE", "Private": "PRIVATE",
           "Confidential": "CONFIDENTIAL"}
DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def moment(seconds):
    return datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + \
        datetime.timedelta(seconds=seconds)


def stamp(seconds):
    return moment(seconds).strftime("%Y%m%dT%H%M%SZ")


def day(seconds):
    """A day is sent as a midnight somewhere on earth."""
    return None if seconds is None else moment(seconds + HALF_DAY_S).strftime("%Y%m%d")


def escaped(text):
    text = re.sub("\r\n?", "\n", text or "")
    text = "".join(c for c in text if c in "\n\t" or not (c < " " or c == "\x7f"))
    return re.sub(r"([\\,;])", r"\\\1", text).replace("\n", "\\n")


def line(name, *parts):
    """Nothing for a property without a value."""
    return [f"{name}:{';'.join(escaped(part) for part in parts)}"] if any(parts) else []


def many(name, texts):
    return [f"{name}:{','.join(escaped(text) for text in texts)}"] if texts else []


def member(name, address):
    if not address:
        return line("X-EWS-MEMBER", name)
    told = "" if not name or name.lower() == address.lower() else f';X-EWS-NAME="{name}"'
    return [f"MEMBER{told}:mailto:" + urllib.parse.quote(address, safe="@.-_+~!$'*=")]


def of_card(item):
    """Contacts and lists; the UID is left out."""
    has, subject = item["fields"], item["subject"]
    is_list = item["kind"] == "DistributionList"
    named = [has["given"], has["surname"]]
    yield from ("BEGIN:VCARD", "VERSION:4.0", "PRODID:-//ewsfs//EN")
    yield from ["KIND:group"] if is_list else []
    if is_list:
        yield from line("FN", subject or "(no name)")
    else:
        yield from line("FN", subject or has["company"] or has["email"] or "(no name)")
        yield from line("N", has["surname"], has["given"], "", "", "") if any(named) else []
        yield from line("ORG", has["company"])
        yield from line("TITLE", has["job"])
        yield from line("EMAIL;PREF=1", has["email"])
        yield from line("TEL;TYPE=work,voice", has["phone"])
        yield from line("TEL;TYPE=cell", has["mobile"])
        yield from line("ADR;TYPE=work", "", "", has["street"], has["city"], "", has["postal"],
                        has["country"])
        yield from line("BDAY", day(has["birthday"]))
    yield from line("X-EWS-FILE-AS", subject)
    yield from many("CATEGORIES", item["categories"])
    yield from line("NOTE", has["body"])
    for name, address in item["to"] if is_list else []:
        yield from member(name, address)
    yield from ("REV:" + stamp(item["modified"]), "END:VCARD")


def of_task(item):
    """The UID is left out."""
    has, status = item["fields"], item["fields"]["status"]
    begin, due = day(has["begin"]), day(has["due"])
    yield from ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ewsfs//EN", "BEGIN:VTODO")
    yield "DTSTAMP:" + stamp(item["modified"])
    yield "CREATED:" + stamp(item["created"])
    yield "LAST-MODIFIED:" + stamp(item["modified"])
    yield from line("SUMMARY", item["subject"])
    yield from line("DESCRIPTION", has["body"])
    yield from line("DTSTART;VALUE=DATE", begin)
    yield from line("DUE;VALUE=DATE", due)
    if has["recurring"]:
        weekday = DAYS[moment(has["begin"] or 0).weekday()]
        yield f"RRULE:FREQ=WEEKLY;INTERVAL=1;BYDAY={weekday};COUNT=10"
    yield from line("STATUS", STATUSES.get(status, "NEEDS-ACTION") if status else None)
    yield from line("X-EWS-STATUS", status if status in ("WaitingOnOthers", "Deferred") else None)
    yield f"PERCENT-COMPLETE:{has['percent']}"
    yield from line("COMPLETED", stamp(has["completed"]) if has["completed"] is not None else None)
    yield "PRIORITY:" + PRIORITIES[item["importance"]]
    yield "CLASS:" + CLASSES[item["sensitivity"]]
    yield from many("CATEGORIES", item["categories"])
    yield "X-EWS-OWNER:" + ewsfs.USER
    yield from ("END:VTODO", "END:VCALENDAR")


def differences(item, content):
    """What of a .vcf, or of a task's .ics, is not as it has to be."""
    text = content.decode()
    folded = text.removesuffix("\r\n").split("\r\n")
    wrong = [f"{long!r} is too long" for long in folded if len(long.encode()) > 75]
    found = text.replace("\r\n ", "").removesuffix("\r\n").split("\r\n")
    is_task = item["kind"] == "Task"
    uid = next((each for each in found if each.startswith("UID:")), "")
    if not UUID.fullmatch(uid.removeprefix("UID:").removeprefix("" if is_task else "urn:uuid:")):
        wrong.append(f"no UID: {uid!r}")
    found = [each for each in found if each != uid]
    wanted = list(of_task(item) if is_task else of_card(item))
    wrong += [f"extra line {each!r}" for each in found if each not in wanted]
    wrong += [f"missing line {each!r}" for each in wanted if each not in found]
    if not wrong and found != wanted:
        wrong.append(f"not in order: {found}")
    return wrong
