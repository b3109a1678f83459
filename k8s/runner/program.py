"""Finds process types among the entry points of the installed packages, and calls them.

    python -c <this> run GROUP RESULT LIMIT
    python -c <this> schemas GROUP

It takes Python 3.8 or newer, and nothing but its standard library. Older ones, 2.7 included, must be able to parse it,
or they could not say so.
"""

import json
import os
import sys
import traceback

try:
    from importlib import metadata
except ImportError:
    sys.exit("ERROR: Python 3.8 or newer is needed, this is " + sys.version.split()[0])


class Unusable(Exception):
    """What has a message that says it all; a traceback would add nothing."""


def registered(group):
    """The entry points of a group by name. One that is found twice, as with a package that is both installed and in
    the current folder, is one; two of a name are an error of whoever asks for that name."""
    found = metadata.entry_points()
    entries = found.select(group=group) if hasattr(found, "select") else found.get(group, ())
    types = {}
    for entry in entries:
        types.setdefault(entry.name, {})[entry.value] = entry
    return types


def load(name, entries):
    if len(entries) > 1:
        raise Unusable("process type %s is registered more than once: %s" % (name, ", ".join(sorted(entries))))
    (entry,) = entries.values()
    loaded = entry.load()
    for method in ("schema", "run"):
        if not callable(getattr(loaded, method, None)):
            raise Unusable("process type %s: %s has no method %s()" % (name, entry.value, method))
    return loaded


def variable(name):
    try:
        return os.environ[name]
    except KeyError:
        raise Unusable("the variable %s is not set" % name)


def parameters():
    text = os.environ.get("PARAMETERS_JSON")
    if text is None and os.environ.get("PARAMETERS_FILE"):
        with open(os.environ["PARAMETERS_FILE"], encoding="utf-8") as file:
            text = file.read()
    if text is None:
        text = variable("PARAMETERS_JSON")
    try:
        value = json.loads(text)
    except ValueError as err:
        raise Unusable("the parameters are not JSON: %s" % err)
    if not isinstance(value, dict):
        raise Unusable("the parameters are no JSON object")
    return value


def storage_kwargs():
    """What fsspec needs for the storage: as the backend says it, else from the variables that S3 clients read."""
    if os.environ.get("STORAGE_KWARGS_JSON"):
        return json.loads(os.environ["STORAGE_KWARGS_JSON"])
    kwargs = {}
    if os.environ.get("AWS_ACCESS_KEY_ID"):
        kwargs["key"] = os.environ["AWS_ACCESS_KEY_ID"]
        kwargs["secret"] = os.environ.get("AWS_SECRET_ACCESS_KEY", "")
    if os.environ.get("STORAGE_ENDPOINT"):
        kwargs["client_kwargs"] = {"endpoint_url": os.environ["STORAGE_ENDPOINT"]}
    return kwargs


def run(group, result_file, limit):
    name = variable("PROCESS_TYPE")
    types = registered(group)
    if name not in types:
        there = ", ".join(sorted(types)) or "none"
        raise Unusable("Unknown process type: %s\nregistered in %s: %s" % (name, group, there))
    storage_context = {
        "process_id": variable("PROCESS_ID"),
        "project_id": os.environ.get("PROJECT_ID", ""),
        "storage_base": variable("STORAGE_BASE"),
        "storage_kwargs": storage_kwargs(),
    }
    result = load(name, types[name]).run(storage_context=storage_context, **parameters())
    if isinstance(result, dict) and "outputs" in result and result_file:
        try:
            report(result["outputs"], result_file, limit)
        except (OSError, TypeError, ValueError, RecursionError) as err:
            # The work is done, and its outputs are where it put them: only their list is lost.
            sys.stderr.write("WARNING: the outputs could not be reported: %s\n" % err)


def report(outputs, result_file, limit):
    text = json.dumps({"outputs": outputs}, allow_nan=False, separators=(",", ":"))
    if limit and len(text) > limit:
        raise ValueError("their list has %d bytes, and %d are kept" % (len(text), limit))
    # A termination message is a file that is mounted: it can be written to, not replaced.
    with open(result_file, "w", encoding="ascii") as file:
        file.write(text)


def schema(name, entries):
    """The schema of a process type, checked to be an object that JSON can hold."""
    value = load(name, entries).schema()
    if not isinstance(value, dict):
        raise Unusable("process type %s: schema() returned %s, not a dict" % (name, type(value).__name__))
    json.dumps(value, allow_nan=False)
    return value


def schemas(group):
    """Writes what came of all process types. Whatever they print goes to stderr meanwhile."""
    answer = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    found, failures = {}, []
    for name, entries in sorted(registered(group).items()):
        try:
            found[name] = {"schema": schema(name, entries)}
        except Unusable as err:
            failures.append({"type": name, "message": str(err), "trace": ""})
        except BaseException as err:  # also SystemExit, from a module that is a script
            message = "%s: %s" % (type(err).__name__, err)
            failures.append({"type": name, "message": message, "trace": traceback.format_exc()})
    json.dump({"text": json.dumps(found, indent=2, allow_nan=False), "failures": failures}, answer)
    answer.close()


def main():
    action, group = sys.argv[1:3]
    try:
        if action == "schemas":
            schemas(group)
        else:
            run(group, sys.argv[3], int(sys.argv[4]))
    except Unusable as err:
        sys.stderr.write("ERROR: %s\n" % err)
        sys.exit(1)
    except Exception as err:
        sys.stderr.write("ERROR: %s\n" % err)
        traceback.print_exc()
        sys.exit(1)


main()
