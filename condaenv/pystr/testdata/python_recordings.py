"""Records what Python does, for the tests of Lower.

Run in this directory: python3 python_recordings.py
"""

import json
import sys
import unicodedata

WORDS = ["", "ABC", "NumPy", "R-SF", "İ", "xİY", "Σ", "ΑΣ", "ΑΣΑ", "ΣΑΣ ΑΣ", "Α.Σ", "ΑΣ.", "ΑΣ.Α", "Α" + "\u0301" * 40 + "Σ",
         "ΑΣ" + "'" * 40 + "Β", "ʰΣ", "1Σ", "A1Σ", "ẞ", "ǅ", "ꭰᏸᎠ", "K", "Å", "\U00010400", "\ufffdΣ", "AΣ\ufffd"]

# Where the sigma of a text around one character becomes a final one.
CONTEXTS = {"before": "{}Σ", "between": "a{}Σ", "after": "aΣ{}", "through": "aΣ{}a"}

def ranges(wanted):
    start = None
    for c in range(sys.maxunicode + 2):
        if c <= sys.maxunicode and not 0xD800 <= c <= 0xDFFF and wanted(chr(c)):
            start = c if start is None else start
        elif start is not None:
            yield start, c - 1
            start = None


with open("python_lower.txt", "w", encoding="utf-8") as out:
    print(f"# Python {sys.version.split()[0]}, Unicode {unicodedata.unidata_version}", file=out)
    for start, end in ranges(lambda c: unicodedata.category(c) in ("Cn", "Co")):
        print(f"unassigned {start:04X} {end:04X}", file=out)
    for start, end in ranges(lambda c: c.lower() != c):
        for c in map(chr, range(start, end + 1)):
            print(f"lower {ord(c):04X} " + " ".join(f"{ord(l):04X}" for l in c.lower()), file=out)
    for name, context in CONTEXTS.items():
        for start, end in ranges(lambda c: "ς" in context.format(c).lower() and c != "ς"):
            print(f"{name} {start:04X} {end:04X}", file=out)
    for word in WORDS:
        print("word", json.dumps(word), json.dumps(word.lower()), sep="\t", file=out)
