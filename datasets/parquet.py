"""Reads Parquet files of flat columns with Python's own library: metadata in Thrift's compact
protocol, pages of values plain, packed or by dictionary, uncompressed or by Snappy or gzip. The format
is described at https://parquet.apache.org/docs/file-format/.
"""
import struct
import zlib

MOST_ROWS = 5_000_000
MOST_BYTES = 1 << 30


class Unexpected(Exception):
    """The file is whole, but not what is read here, or not what a step is about."""


class Damaged(Exception):
    """The file cannot be read."""


class Thrift:
    """Reads structures as dictionaries from field number to value."""

    def __init__(self, data, at=0):
        self.data, self.at = data, at

    def take(self, size):
        if size < 0 or self.at + size > len(self.data):
            raise Damaged("it ends too early")
        self.at += size
        return self.data[self.at - size:self.at]

    def varint(self):
        value = 0
        for shift in range(0, 70, 7):
            byte = self.take(1)[0]
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise Damaged("a number of more than ten bytes")

    def zigzag(self):
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def value(self, kind, depth):
        if depth > 32:
            raise Damaged("its metadata are nested too deep")
        if kind in (1, 2):
            return kind == 1
        if kind == 3:
            return self.take(1)[0]
        if kind in (4, 5, 6):
            return self.zigzag()
        if kind == 7:
            return struct.unpack("<d", self.take(8))[0]
        if kind == 8:
            return bytes(self.take(self.varint()))
        if kind in (9, 10):
            return self.list(depth + 1)
        if kind == 12:
            return self.struct(depth + 1)
        raise Damaged(f"its metadata hold a value of the unknown kind {kind}")

    def list(self, depth):
        head = self.take(1)[0]
        size = head >> 4
        size = self.varint() if size == 15 else size
        if size > len(self.data) - self.at:
            raise Damaged("a list longer than the file")
        if head & 15 in (1, 2):
            return [self.take(1)[0] == 1 for _ in range(size)]
        return [self.value(head & 15, depth) for _ in range(size)]

    def struct(self, depth=0):
        fields, number = {}, 0
        while (head := self.take(1)[0]) != 0:
            number = number + (head >> 4) if head >> 4 else self.zigzag()
            fields[number] = self.value(head & 15, depth)
        return fields


def unsnappy(data):
    reader = Thrift(data)
    size = reader.varint()
    if size > MOST_BYTES:
        raise Damaged("a page of more than 1 GiB")
    out = bytearray()
    while reader.at < len(data):
        tag = reader.take(1)[0]
        if tag & 3 == 0:
            length = tag >> 2
            if length >= 60:
                length = int.from_bytes(reader.take(length - 59), "little")
            out += reader.take(length + 1)
        else:
            if tag & 3 == 1:
                length, offset = (tag >> 2 & 7) + 4, (tag >> 5 << 8) + reader.take(1)[0]
            else:
                length = (tag >> 2) + 1
                offset = int.from_bytes(reader.take(2 if tag & 3 == 2 else 4), "little")
            if not 0 < offset <= len(out):
                raise Damaged("a page refers to what lies before it")
            piece = bytes(out[-offset:][:length])
            out += (piece * (length // len(piece) + 1))[:length]
        if len(out) > size:
            break
    if len(out) != size:
        raise Damaged("a page has another size than it says")
    return bytes(out)


def ungzip(data):
    unpacker = zlib.decompressobj(31)
    out = unpacker.decompress(data, MOST_BYTES)
    if not unpacker.eof:
        raise Damaged("a page of more than 1 GiB, or half of one")
    return out


CODECS = {0: bytes, 1: unsnappy, 2: ungzip}
FIXED = {1: ("<i", 4), 2: ("<q", 8), 4: ("<f", 4), 5: ("<d", 8)}  # by Parquet's type


def runs(reader, width, count):
    """`count` numbers of `width` bits in Parquet's mix of repeated and packed runs."""
    values = []
    while len(values) < count:
        head = reader.varint()
        if head & 1:
            packed = int.from_bytes(reader.take((head >> 1) * width), "little")
            most = min(8 * (head >> 1), count - len(values))
            values += [packed >> i * width & (1 << width) - 1 for i in range(most)]
        else:
            value = int.from_bytes(reader.take((width + 7) // 8), "little")
            values += [value] * min(head >> 1, count - len(values))
        if head >> 1 == 0:
            raise Damaged("an empty run")
    return values


def plain(reader, kind, count):
    if kind == 0:
        bits = reader.take((count + 7) // 8)
        return [bits[i // 8] >> i % 8 & 1 == 1 for i in range(count)]
    if kind == 6:
        texts = [reader.take(struct.unpack("<I", reader.take(4))[0]) for _ in range(count)]
        return [bytes(text).decode("utf-8") for text in texts]
    if kind not in FIXED:
        raise Unexpected(f"a column of Parquet's type {kind}, which is not read here")
    form, size = FIXED[kind]
    return [value for value, in struct.iter_unpack(form, reader.take(size * count))]


def page_values(head, data, kind, optional, codec, dictionary):
    """The values of a data page, None for those that are null."""
    if head[1] == 3:  # version 2: levels lie before what is compressed
        about = head[8]
        if about.get(6, 0):
            raise Unexpected("a column of lists")
        levels = Thrift(data[:about[5]])
        data = data[about[5]:]
        data = CODECS[codec](data) if about.get(7, True) else data
        encoding = about[4]
    else:
        about, data = head[5], CODECS[codec](data)
        encoding = about[2]
        size = struct.unpack_from("<I", data)[0] if optional else 0
        levels = Thrift(data[4:4 + size])
        data = data[4 + size:] if optional else data
    count = about[1]
    if not 0 <= count <= MOST_ROWS:
        raise Damaged(f"a page of {count} values")
    there = runs(levels, 1, count) if optional else [1] * count
    reader, known = Thrift(data), sum(there)
    if encoding in (2, 8):
        indices = runs(reader, width, known) if (width := reader.take(1)[0]) else [0] * known
        values = [dictionary[index] for index in indices]
    elif encoding == 0:
        values = plain(reader, kind, known)
    elif encoding == 3 and kind == 0:
        reader.take(4)
        values = [bit == 1 for bit in runs(reader, 1, known)]
    else:
        raise Unexpected(f"Parquet's encoding {encoding}, which is not read here")
    values = iter(values)
    return [next(values) if here else None for here in there]


def column_values(data, about, optional, rows):
    kind, codec = about[1], about[4]
    if codec not in CODECS:
        raise Unexpected(f"Parquet's compression {codec}; none, Snappy and gzip are read here")
    at = min(about[9], about.get(11, about[9]))
    values, dictionary = [], []
    while len(values) < rows:
        reader = Thrift(data, at)
        head = reader.struct()
        page = reader.take(head[3])
        at = reader.at
        if head[1] == 2:
            dictionary = plain(Thrift(CODECS[codec](page)), kind, head[7][1])
        elif head[1] in (0, 3):
            values += page_values(head, page, kind, optional, codec, dictionary)
    if len(values) != rows:
        raise Damaged("a column has more values than there are rows")
    return values


def read_parquet(file):
    with open(file, "rb") as stream:
        data = memoryview(stream.read())
    if len(data) < 12 or data[:4] != b"PAR1" or data[-4:] != b"PAR1":
        raise Damaged("it is no Parquet file")
    size = struct.unpack("<I", data[-8:-4])[0]
    about = Thrift(data, max(0, len(data) - 8 - size)).struct()
    if not 0 <= about[3] <= MOST_ROWS:
        raise Damaged(f"{about[3]} rows")
    optional = {}
    for element in about[2][1:]:
        name = element[4].decode("utf-8")
        if element.get(5) or element.get(3, 0) == 2:
            raise Unexpected(f"the column '{name}' is nested")
        optional[name] = element.get(3, 0) == 1
    records = []
    for group in about[4]:
        columns = {}
        for chunk in group[1]:
            name = chunk[3][3][0].decode("utf-8")
            columns[name] = column_values(data, chunk[3], optional[name], group[3])
        records += [dict(zip(columns, row)) for row in zip(*columns.values())]
    if len(records) != about[3]:
        raise Damaged("it holds another number of rows than it says")
    return records
