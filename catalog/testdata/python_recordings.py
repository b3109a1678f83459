"""Records what Python does, for the tests of AppendJSON.

Run in this directory: python3 python_recordings.py
"""

import json

TEXTS = ["plain", 'quote " backslash \\ slash /', "".join(map(chr, range(0x20))), "\x7f\x80\x9f\xa0", "é ü \u2028 \u2029 \ufeff",
         "<script>&amp;'</script>", "\U0001f40d \U0010ffff", "\ufffd\ufffe\uffff\ud7ff\ue000", "a" * 300]

with open("python_dumps.jsonl", "w", encoding="utf-8", newline="\n") as out:
    for text in sorted(TEXTS):
        row = {"kernel_name": text + "k", "kernel_version": text + "v", "package_version": text, "source": "r", "kernel_language": text + "l"}
        package = {"name": text, "kernel_count": 2, "kernels": [row, row | {"package_version": "", "source": "python"}]}
        print(json.dumps(package, ensure_ascii=False, separators=(",", ":")), file=out)
