"""Makes one file of a dataset of another: python -I -B convert.py SOURCE TARGET STEP.json

SOURCE is .json (a list of objects, or an object that holds one list), .jsonl, .csv or .parquet, TARGET
becomes a list (.json) or one object a line (.jsonl), and STEP.json holds a step of `convert:` in a
manifest. `austeer fetch dataset` runs this. Parquet is read by pyarrow, which may lie in a fourth
argument's folder; Python's own library does all else.

Exit status: 0 done; 10 the source is not what the step expects; 11 pyarrow is not there; 12 the source
is damaged; 13 the disk is full; 14 the system refused. The last line of the output says what it was.
"""
import csv
import errno
import itertools
import json
import sys

MOST_BYTES = 1 << 30


class Unexpected(Exception):
    """The source is whole, but not what the step is about."""


def read_json(file):
    with open(file, encoding="utf-8-sig") as text:
        document = json.load(text)
    if isinstance(document, dict):
        lists = [value for value in document.values() if isinstance(value, list)]
        document = lists[0] if len(lists) == 1 else document
    if not isinstance(document, list):
        raise Unexpected("it holds no list of records")
    return document


def read_jsonl(file):
    with open(file, encoding="utf-8-sig") as text:
        return [json.loads(line) for line in text if line.strip()]


def read_csv(file):
    csv.field_size_limit(MOST_BYTES)
    with open(file, encoding="utf-8-sig", newline="") as text:
        return list(csv.DictReader(text, strict=True))


def read_parquet(file):
    try:
        from pyarrow import parquet
    except ImportError as error:
        print(error)
        sys.exit(11)
    return parquet.read_table(file, memory_map=True).to_pylist()


READERS = {"json": read_json, "jsonl": read_jsonl, "csv": read_csv, "parquet": read_parquet}


def field(record, name):
    if not isinstance(record, dict) or record.get(name) is None:
        raise Unexpected(f"a record has no field '{name}'")
    return record[name]


def picked(records, pick):
    """The records whose field is one of the values, in their order; or all the others."""
    by_value = {}
    for record in records:
        value = str(field(record, pick["field"]))
        if by_value.setdefault(value, record) is not record:
            raise Unexpected(f"two records have the {pick['field']} '{value}'")
    missing = [value for value in pick["values"] if value not in by_value]
    if missing:
        raise Unexpected(f"no record has the {pick['field']} '{missing[0]}' ({len(missing)} such)")
    if pick["rest"]:
        taken = set(pick["values"])
        return [record for value, record in by_value.items() if value not in taken]
    return [by_value[value] for value in pick["values"]]


def cut(record, split):
    """One field cut in two at the first place where a text stands in it."""
    before, found, after = str(field(record, split["field"])).partition(split["at"])
    if not found:
        raise Unexpected(f"the field '{split['field']}' of a record has no '{split['at']}'")
    rest = {name: value for name, value in record.items() if name != split["field"]}
    return rest | dict(zip(split["into"], (before.strip(), after.strip())))


def converted(records, step):
    if "pick" in step:
        records = picked(records, step["pick"])
    start = step.get("skip", 0)
    end = start + step["first"] if "first" in step else None
    records = list(itertools.islice(records, start, end))
    if "split" in step:
        records = [cut(record, step["split"]) for record in records]
    if "fields" in step:
        records = [{new: field(record, old) for new, old in step["fields"].items()}
                   for record in records]
    if len(records) != step["records"]:
        raise Unexpected(f"{len(records)} records for it, where there should be {step['records']}")
    return records


def write(records, target, as_list):
    with open(target, "w", encoding="utf-8", newline="\n") as out:
        if as_list:
            json.dump(records, out, ensure_ascii=False, indent=1)
            out.write("\n")
        else:
            out.writelines(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def main():
    source, target, step_file, *packages = sys.argv[1:]
    sys.path += packages
    with open(step_file, encoding="utf-8") as text:
        step = json.load(text)
    try:
        records = READERS[source.rpartition(".")[2]](source)
        write(converted(records, step), target, step["file"].endswith(".json"))
    except Unexpected as error:
        print(error)
        sys.exit(10)
    except OSError as error:
        print(error.strerror or error)
        if error.errno is None:  # pyarrow's word for damage
            sys.exit(12)
        sys.exit(13 if error.errno in (errno.ENOSPC, errno.EDQUOT) else 14)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, csv.Error) as error:
        print(repr(error))
        sys.exit(12)


main()
