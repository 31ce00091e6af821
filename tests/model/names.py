# SPDX-License-Identifier: MIT
"""File names by INTERFACE.md's grammar, from the page alone: nothing here knows the C code."""
import datetime
import hashlib
import unicodedata

SUBJECT_BYTES = 180
NAME_BYTES = 255
FULLWIDTH = {character: chr(ord(character) + 0xFEE0) for character in '/\\:*?"<>|'}
NARROW = {wide: narrow for narrow, wide in FULLWIDTH.items()}
BIDI = {*map(chr, (0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))}
EXTENSIONS = {"IPM.Appointment": "ics", "IPM.Contact": "vcf", "IPM.DistList": "vcf",
              "IPM.Task": "ics"}


def is_blank(character):
    return (unicodedata.category(character) in ("Zs", "Zl", "Zp", "Cc") or character == "\ufeff"
            or character in BIDI)


def is_noncharacter(character):
    code = ord(character)
    return code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF or 0xD800 <= code <= 0xDFFF


def squeeze(text):
    """Repaired, composed, and each run of blanks one space."""
    text = "".join("\ufffd" if is_noncharacter(character) else character for character in text)
    text = unicodedata.normalize("NFC", text)
    words, word = [], ""
    for character in text:
        if is_blank(character):
            words.append(word)
            word = ""
        else:
            word += character
    return " ".join(word for word in [*words, word] if word)


def hangul(character):
    """The kind of a Hangul letter or syllable: L, V, T, LV, LVT; else nothing."""
    code = ord(character)
    if 0x1100 <= code <= 0x115F or 0xA960 <= code <= 0xA97C:
        return "L"
    if 0x1160 <= code <= 0x11A7 or 0xD7B0 <= code <= 0xD7C6:
        return "V"
    if 0x11A8 <= code <= 0x11FF or 0xD7CB <= code <= 0xD7FB:
        return "T"
    if 0xAC00 <= code <= 0xD7A3:
        return "LVT" if (code - 0xAC00) % 28 else "LV"
    return ""


HANGUL_JOINS = {("L", "L"), ("L", "V"), ("L", "LV"), ("L", "LVT"), ("LV", "V"), ("LV", "T"),
                ("V", "V"), ("V", "T"), ("LVT", "T"), ("T", "T")}


def extends(character):
    return (unicodedata.category(character) in ("Mn", "Me", "Mc")
            or character in "\u200c\u200d\uff9e\uff9f\u0e33\u0eb3"
            or 0x1F3FB <= ord(character) <= 0x1F3FF or 0xE0020 <= ord(character) <= 0xE007F)


def is_picture(character):
    return unicodedata.category(character) == "So" and ord(character) >= 0x2190


def is_flag(character):
    return 0x1F1E6 <= ord(character) <= 0x1F1FF


def is_boundary(text, at):
    """Whether a grapheme ends before text[at]: the rules of UAX 29 that subjects meet."""
    before, after = text[at - 1], text[at]
    if extends(after) or (hangul(before), hangul(after)) in HANGUL_JOINS:
        return False
    if before == "\u200d" and is_picture(after):
        start = at - 1
        while start > 0 and extends(text[start]):
            start -= 1
        return not is_picture(text[start])
    if is_flag(before) and is_flag(after):
        flags = 0
        while flags < at and is_flag(text[at - 1 - flags]):
            flags += 1
        return flags % 2 == 0
    return True


def cut(text, most):
    if len(text.encode()) <= most:
        return text
    keep = grapheme = size = 0
    for at, character in enumerate(text):
        if at and is_boundary(text, at):
            grapheme = at
        keep = at
        size += len(character.encode())
        if size > most:
            break
    return text[:grapheme or keep]


def clean(text, trimmed):
    text = "".join(FULLWIDTH.get(character, character) for character in squeeze(text))
    text = text.lstrip(" " + trimmed).rstrip(" .")
    return cut(text, SUBJECT_BYTES).rstrip(" .")


def extension(item_class):
    for prefix, known in EXTENSIONS.items():
        if (item_class or "").startswith(prefix):
            return known
    return "eml"


def date(item):
    """Times are seconds or None."""
    if (item["class"] or "").startswith("IPM.Appointment"):
        first = item["start"]
    elif extension(item["class"]) == "eml" and not item["is_draft"]:
        first = item["received"]
    else:
        first = item["created"]
    for time in (first, item["received"], item["created"]):
        if time is not None:
            moment = datetime.datetime.fromtimestamp(time, datetime.timezone.utc)
            return moment.strftime("%Y-%m-%d %H%M%S")
    return "0000-00-00 000000"


def digest(text, digits):
    return hashlib.sha256(text.encode()).hexdigest()[:digits]


def of_item(item):
    subject = clean(item["subject"] or "", ".-") or "(no subject)"
    return f"{date(item)} {subject}.{digest(item['id'], 12)}.{extension(item['class'])}"


def of_folder(folder, siblings):
    """siblings: the display names of all folders shown beside it, itself included."""
    display = folder["name"]
    name = clean(display, "-")
    back = "".join(NARROW.get(character, character) for character in name)
    lost = back != display or not name or name.startswith(".")
    if name.startswith("."):
        name = "\u2024" + name[1:]
    name = name or "(no name)"
    if lost or siblings.count(display) > 1:
        name = cut(name, NAME_BYTES - len(" ~") - 8) + " ~" + digest(folder["id"], 8)
    return name
