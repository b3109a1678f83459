"""Records what Python does, for the tests of lower and AppendJSON.

Run in this directory: python3 python_recordings.py
"""

import json
import sys
import unicodedata

WORDS = ["", "ABC", "NumPy", "R-SF", "İ", "xİY", "Σ", "ΑΣ", "ΑΣΑ", "ΣΑΣ ΑΣ", "Α.Σ", "ΑΣ.", "ΑΣ.Α", "Α" + "\u0301" * 40 + "Σ",
         "ΑΣ" + "'" * 40 + "Β", "ʰΣ", "1Σ", "A1Σ", "ẞ", "ǅ", "ꭰᏸᎠ", "K", "Å", "\U00010400", "\ufffdΣ", "AΣ\ufffd"]

# Where the sigma of a text around one character becomes a final one.
CONTEXTS = {"before": "{}Σ", "between": "a{}Σ", "after": "aΣ{}", "through": "aΣ{}a"}

TEXTS = ["plain", 'quote " backslash \\ slash /', "".join(map(chr, range(0x20))), "\x7f\x80\x9f\xa0", "é ü \u2028 \u2029 \ufeff",
         "<script>&amp;'</script>", "\U0001f40d \U0010ffff", "\ufffd\ufffe\uffff\ud7ff\ue000", "a" * 300]


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

with open("python_dumps.jsonl", "w", encoding="utf-8", newline="\n") as out:
    for text in sorted(TEXTS):
        row = {"kernel_name": text + "k", "kernel_version": text + "v", "package_version": text, "source": "r", "kernel_language": text + "l"}
        package = {"name": text, "kernel_count": 2, "kernels": [row, row | {"package_version": "", "source": "python"}]}
        print(json.dumps(package, ensure_ascii=False, separators=(",", ":")), file=out)
