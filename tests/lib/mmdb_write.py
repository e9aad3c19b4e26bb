#!/usr/bin/env python3
"""Writes small MaxMind databases (MaxMind DB file format specification 2.0) for tests and the demo.

    mmdb_write.py OUT.mmdb [ROWS.csv] --layout nested|flat [--type NAME] [--epoch SECONDS]

ROWS.csv (default: standard input) has a header line and the columns network, country, city, lat, lon,
asn, org; each but network may be missing or empty. A longer prefix wins over a shorter one. `nested` is
MaxMind's own layout (country.iso_code, city.names.en, location.latitude), `flat` that of ip-location-db
(country_code, city, latitude). Same input, same bytes.
"""
import argparse
import csv
import ipaddress
import struct
import sys

MARKER = b"\xab\xcd\xefMaxMind.com"


class Double(float):
    pass


class Uint(int):
    """An unsigned integer with its width in bits: 16, 32 or 64."""
    def __new__(cls, value, bits):
        self = int.__new__(cls, value)
        self.bits = bits
        return self


def control(kind, size):
    """Control byte(s): type in the three top bits (extended: next byte), size in the five others."""
    if size < 29:
        low, extra = size, b""
    elif size < 285:
        low, extra = 29, bytes([size - 29])
    elif size < 65821:
        low, extra = 30, struct.pack(">H", size - 285)
    else:
        low, extra = 31, struct.pack(">I", size - 65821)[1:]
    if kind <= 7:
        return bytes([kind << 5 | low]) + extra
    return bytes([low, kind - 7]) + extra


def encode(value):
    if isinstance(value, dict):
        return control(7, len(value)) + b"".join(encode(k) + encode(v) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        return control(11, len(value)) + b"".join(encode(v) for v in value)
    if isinstance(value, bool):
        return control(14, int(value))
    if isinstance(value, str):
        b = value.encode("utf-8")
        return control(2, len(b)) + b
    if isinstance(value, float):
        return control(3, 8) + struct.pack(">d", value)
    if isinstance(value, int):
        bits = getattr(value, "bits", 32)
        b = int(value).to_bytes(bits // 8, "big").lstrip(b"\0")
        return control({16: 5, 32: 6, 64: 9}[bits], len(b)) + b
    raise TypeError(type(value))


class Writer:
    """add() networks, then bytes(). The tree is IPv6; IPv4 lies at ::/96, as the specification has it."""

    def __init__(self, database_type, epoch=1767225600, record_size=28):
        self.type, self.epoch, self.record_size = database_type, epoch, record_size
        self.networks = []

    def add(self, network, record):
        self.networks.append((ipaddress.ip_network(network), record))

    def _tree(self):
        nodes = [[None, None]]           # None | int (node) | ("data", offset)
        data, known = bytearray(), {}

        def prefix(net):
            bits, length = int(net.network_address), net.prefixlen
            return (bits, length + 96) if net.version == 4 else (bits, length)
        for net, record in sorted(self.networks, key=lambda x: prefix(x[0])[1]):
            b = encode(record)
            if b not in known:
                known[b] = len(data)
                data += b
            leaf = ("data", known[b])
            bits, length = prefix(net)
            if length == 0:
                nodes[0] = [leaf, leaf]
                continue
            at = 0
            for depth in range(length - 1):
                side = bits >> (127 - depth) & 1
                below = nodes[at][side]
                if not isinstance(below, int):      # open a leaf: both halves inherit it
                    nodes.append([below, below])
                    nodes[at][side] = below = len(nodes) - 1
                at = below
            nodes[at][bits >> (128 - length) & 1] = leaf
        return nodes, bytes(data)

    def __bytes__(self):
        nodes, data = self._tree()
        n, out = len(nodes), bytearray()

        def number(record):
            if record is None:
                return n
            return record if isinstance(record, int) else n + 16 + record[1]
        for left, right in nodes:
            a, b = number(left), number(right)
            if self.record_size == 24:
                out += a.to_bytes(3, "big") + b.to_bytes(3, "big")
            elif self.record_size == 28:
                out += (a & 0xffffff).to_bytes(3, "big") + bytes([(a >> 24) << 4 | b >> 24])
                out += (b & 0xffffff).to_bytes(3, "big")
            else:
                out += a.to_bytes(4, "big") + b.to_bytes(4, "big")
        meta = {
            "node_count": Uint(n, 32), "record_size": Uint(self.record_size, 16), "ip_version": Uint(6, 16),
            "database_type": self.type, "languages": ["en"], "binary_format_major_version": Uint(2, 16),
            "binary_format_minor_version": Uint(0, 16), "build_epoch": Uint(self.epoch, 64),
            "description": {"en": "made by tests/lib/mmdb_write.py"},
        }
        return bytes(out) + b"\0" * 16 + data + MARKER + encode(meta)


def record_of(row, layout):
    g = {k: (v or "").strip() for k, v in row.items() if k}
    r = {}
    if g.get("country"):
        nested, flat = {"country": {"iso_code": g["country"]}}, {"country_code": g["country"]}
        r.update(nested if layout == "nested" else flat)
    if g.get("city"):
        r.update({"city": {"names": {"en": g["city"]}}} if layout == "nested" else {"city": g["city"]})
    if g.get("lat") and g.get("lon"):
        where = {"latitude": Double(g["lat"]), "longitude": Double(g["lon"])}
        r.update({"location": where} if layout == "nested" else where)
    if g.get("asn"):
        r["autonomous_system_number"] = Uint(g["asn"], 32)
    if g.get("org"):
        r["autonomous_system_organization"] = g["org"]
    return r


def main():
    p = argparse.ArgumentParser(description="Writes a small MaxMind database from CSV rows.")
    p.add_argument("out")
    p.add_argument("rows", nargs="?")
    p.add_argument("--layout", choices=("nested", "flat"), default="nested")
    p.add_argument("--type", default="Test-City-ASN")
    p.add_argument("--epoch", type=int, default=1767225600)
    p.add_argument("--record-size", type=int, choices=(24, 28, 32), default=28)
    a = p.parse_args()
    w = Writer(a.type, a.epoch, a.record_size)
    with (open(a.rows, encoding="utf-8", newline="") if a.rows else sys.stdin) as f:
        for row in csv.DictReader(f):
            w.add(row["network"], record_of(row, a.layout))
    with open(a.out, "wb") as f:
        f.write(bytes(w))


if __name__ == "__main__":
    main()
