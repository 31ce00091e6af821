# SPDX-License-Identifier: MIT
"""The mount as it has to look, worked out from the server's truth, and what differs from it."""
import base64
import hashlib
import os
import re
import stat

import cards
import ewsfs
import names

SUBJECT_MOST, LIST_MOST = 512, 1024  # bytes
MAIL = ("Message", "MeetingRequest", "MeetingResponse", "MeetingCancellation")
XML_FORBIDS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def truth_of(server, with_mime=True):
    """Everything the server has: its folders by id, times in seconds."""
    path = f"/test/mailbox?user={ewsfs.USER}" + ("" if with_mime else "&mime=0")
    folders = {folder["id"]: folder for folder in server._call("GET", path)["folders"]}
    for folder in folders.values():
        for item in folder["items"]:
            item["subject"] = XML_FORBIDS.sub("\ufffd", item["subject"] or "")
            if item.get("fields"):
                item["fields"]["body"] = XML_FORBIDS.sub("\ufffd", item["fields"]["body"] or "")
        folder["name"] = XML_FORBIDS.sub("\ufffd", folder["name"])
    return folders


def top_of(folders):
    return next(folder for folder in folders.values() if folder["distinguished"] == "msgfolderroot")


def below(folders, tops):
    """These folders and all that are in them, by id."""
    found, more = set(), set(tops)
    while more - found:
        found |= more
        more = {folder["id"] for folder in folders.values() if folder["parent_id"] in found}
    return found


def places(folders):
    """The path below the mount of every folder that is shown, by id."""
    top = top_of(folders)
    children = {}
    for folder in folders.values():
        if not folder["hidden"]:
            children.setdefault(folder["parent_id"], []).append(folder)
    found, waiting = {top["id"]: ""}, [top["id"]]
    while waiting:
        parent = waiting.pop()
        shown = children.get(parent, [])
        display_names = [folder["name"] for folder in shown]
        for folder in shown:
            name = names.of_folder(folder, display_names)
            found[folder["id"]] = os.path.join(found[parent], name)
            waiting.append(folder["id"])
    return found


def person(name, address):
    if not address or name == address:
        return name or address
    return f"{name} <{address}>" if name else address


def people(item):
    """The attributes .from, .to and .cc: posts have no recipients, contacts and tasks nothing."""
    from_, to, cc = [[item["from_name"], item["from_address"]]], item["to"], item["cc"]
    if item["kind"] in ("Contact", "DistributionList", "Task"):
        from_ = to = cc = []
    elif item["kind"] not in (*MAIL, "CalendarItem"):
        to = cc = []
    shown = {name: ", ".join(filter(None, (person(*each) for each in all_)))
             for name, all_ in (("from", from_), ("to", to), ("cc", cc))}
    assert all(len(text.encode()) < LIST_MOST for text in shown.values())
    return {f"user.ews.{name}": text or None for name, text in shown.items()}


def is_subject(shown, subject):
    """A long one is cut, and says so."""
    subject = subject.rstrip("\r\n")
    if len(subject.encode()) <= SUBJECT_MOST:
        return (shown or "") == subject
    return (shown.endswith("…") and subject.startswith(shown[:-1])
            and SUBJECT_MOST - 200 < len(shown.encode()) <= SUBJECT_MOST)


def own_change_key(item):
    """PR_CHANGE_KEY, which gromox gives with nothing around it."""
    raw = base64.b64decode(item["change_key"])
    return raw.hex() if len(raw) == 22 else ewsfs.mapi_change_key(item["change_key"])


def attributes(item, folder):
    """All that is the server's own word, but for the subject."""
    shown = {
        "user.ews.item_id": item["id"],
        "user.ews.change_key": item["change_key"],
        "user.ews.parent_folder_id": folder["id"],
        "user.ews.item_class": item["class"],
        "user.ews.is_read": str(item["is_read"]).lower(),
        "user.ews.is_draft": str(item["is_draft"]).lower(),
        "user.ews.has_attachments": str(item["has_attachments"]).lower(),
        "user.ews.importance": item["importance"],
        "user.ews.flag": item["flag"],
        "user.ews.categories": "\n".join(item["categories"]) or None,
        "user.ews.size": str(item["size"]),
        "user.mapi.change_key": own_change_key(item),
        "user.mapi.predecessor_change_list": item["predecessors"],
        "user.ews.message_id": item["message_id"],
        "user.ews.sensitivity": item["sensitivity"],
        "user.ews.error": None,
        **people(item),
    }
    for name in ("received", "sent", "created", "modified"):
        shown[f"user.ews.{name}"] = ewsfs.iso(item[name])
    return shown


class Memory:
    """What earlier rounds showed, and the next must agree with."""

    def __init__(self):
        self.seen = {}  # item id: change key, inode, SHA-256 of the content

    def note(self, item, inode, content):
        before = self.seen.get(item["id"])
        self.seen[item["id"]] = (item["change_key"], inode, content)
        if before and before[0] == item["change_key"] and before != self.seen[item["id"]]:
            return [f"the same version was {before[1:]} and is {(inode, content)}"]
        if before and before[1] == inode and before[2] != content:
            return [f"inode {inode} changed its content"]
        return []


def check_content(item, content):
    if names.extension(item["class"]) == "eml" or item["kind"] == "CalendarItem":
        size, digest = item["mime_size"], hashlib.sha256(content).hexdigest()
        is_right = len(content) == size and item["mime_sha256"] in (digest, None)
        return [] if is_right else [f"{len(content)} bytes, not those {size} of the server"]
    return cards.differences(item, content)


def check_attributes(path, item, folder):
    shown = ewsfs.xattrs(path)
    wrong = [f"{name} is {shown.get(name)!r}, not {value!r}"
             for name, value in attributes(item, folder).items() if shown.get(name) != value]
    if not is_subject(shown.get("user.ews.subject"), item["subject"]):
        wrong.append(f"user.ews.subject is {shown.get('user.ews.subject')!r}")
    return wrong


def check_file(path, item, folder, memory, keys):
    with open(path, "rb") as file:
        info, content = os.fstat(file.fileno()), file.read()
    wrong = []
    if not stat.S_ISREG(info.st_mode) or stat.S_IMODE(info.st_mode) != 0o400 or info.st_nlink != 1:
        wrong.append(f"mode {info.st_mode:o}, {info.st_nlink} links")
    if info.st_size != len(content):
        wrong.append(f"st_size {info.st_size}, but {len(content)} bytes")
    is_mail = names.extension(item["class"]) == "eml"
    mtime = item["received"] if is_mail and not item["is_draft"] else item["modified"]
    if int(info.st_mtime) != mtime:
        wrong.append(f"mtime {info.st_mtime}, not {mtime}")
    if int(info.st_ctime) < item["modified"]:
        wrong.append(f"ctime {info.st_ctime}, below {item['modified']}")
    wrong += check_content(item, content) + check_attributes(path, item, folder)
    if memory:
        wrong += memory.note(item, info.st_ino, hashlib.sha256(content).hexdigest())
    if keys and ewsfs.xattr(path, "user.ews.sync") not in keys.verdicts(item):
        wrong.append(f"sync is {ewsfs.xattr(path, 'user.ews.sync')}, not {keys.verdicts(item)}; "
                     f"given: {item['given']}")
    return wrong


def check_directory(path, folder, children):
    shown = ewsfs.xattrs(path)
    info = os.lstat(path)
    wrong = [] if stat.S_IMODE(info.st_mode) == 0o500 else [f"mode {info.st_mode:o}"]
    for name, value in {
        "folder_id": folder["id"], "change_key": folder["change_key"],
        "parent_folder_id": folder["parent_id"], "display_name": folder["name"],
        "distinguished": folder["distinguished"], "total_count": str(folder["total"]),
        "unread_count": str(folder["unread"]), "child_count": str(children),
        "folder_class": folder["class"],
    }.items():
        if shown.get(f"user.ews.{name}") != value:
            wrong.append(f"{name} is {shown.get(f'user.ews.{name}')!r}, not {value!r}")
    return wrong


def check_counts(status, files, verdicts, unread):
    """The control file of a directory, or of all of them."""
    wanted = {"items": len(files), "unread": unread, "pending": 0, "quarantined": 0,
              "regressed": verdicts.count("regressed"), "uncovered": verdicts.count("uncovered")}
    return [f".ctl says {name}: {status.get(name)}, not {value}"
            for name, value in wanted.items() if status.get(name) != str(value)]


def check_control_files(mount, directories, files):
    verdicts = {}
    for path in files:
        verdicts.setdefault(os.path.dirname(path), []).append(
            ewsfs.xattr(mount.path / path, "user.ews.sync"))
    wrong = check_counts(mount.status(), files, sum(verdicts.values(), []),
                         sum(folder["unread"] for folder in directories.values()))
    for path, folder in directories.items():
        mine = verdicts.get(path, [])
        said = check_counts(mount.status(path), mine, mine, folder["unread"]) if path else []
        wrong += [f"{path}: {what}" for what in said]
    return wrong


def tree_of(folders):
    """Every path that has to be there: of directories and of files."""
    directories = {path: folders[folder_id] for folder_id, path in places(folders).items()}
    files = {os.path.join(path, names.of_item(item)): (item, folder)
             for path, folder in directories.items() for item in folder["items"]}
    return directories, files


def differences(mount, folders, memory=None, keys=None):
    """One line for each thing that is not as it has to be."""
    directories, files = tree_of(folders)
    found_directories, found_files = set(), set()
    for top, below, inside in os.walk(mount.path):
        place = os.path.relpath(top, mount.path) if top != str(mount.path) else ""
        found_directories.add(place)
        found_files.update(os.path.join(place, name) for name in inside)
    wanted, found = {*directories, *files}, found_directories | found_files
    wrong = [f"missing: {path}" for path in sorted(wanted - found)]
    wrong += [f"extra: {path}" for path in sorted(found - wanted)]
    for path in sorted(found_files & set(files)):
        said = check_file(mount.path / path, *files[path], memory, keys)
        wrong += [f"{path}: {what}" for what in said]
    for path in sorted(found_directories & set(directories)):
        folder = directories[path]
        children = sum(below["parent_id"] == folder["id"] for below in folders.values())
        said = check_directory(mount.path / path, folder, children)
        wrong += [f"{path or '.'}: {what}" for what in said]
    return wrong or check_control_files(mount, directories, files)


def fingerprint(mount, has_stable_mime):
    """All that a second mount with a new cache shows too."""
    shown = {}
    for path in mount.files():
        info = os.lstat(path)
        values = ewsfs.xattrs(path)
        del values["user.ews.sync"]  # speaks of the versions that this mount has seen
        content = has_stable_mime and hashlib.sha256(path.read_bytes()).hexdigest()
        name = str(path.relative_to(mount.path))
        shown[name] = (info.st_size, info.st_mtime_ns, content, values)
    return shown
