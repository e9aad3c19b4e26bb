#!/usr/bin/env python3
"""A relay that writes what passes through it as a capture file, for where nothing may be captured: the bytes and
their times are real, the headers of IP and TCP around them are made here.   recorder.py PORT TO-PORT FILE
until SIGTERM"""
import asyncio
import itertools
import signal
import socket
import struct
import sys
import time

LINKTYPE_RAW, NANOSECOND_PCAP = 101, 0xa1b23c4d
FIN, SYN, ACK = 1, 2, 16
PIECE = 16384


def checksum(data):
    total = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total ^ 0xffff


class Recording:
    def __init__(self, path):
        self.file = open(path, 'wb', buffering=0)
        self.file.write(struct.pack('<IHHiIII', NANOSECOND_PCAP, 2, 4, 0, 0, 65535, LINKTYPE_RAW))

    def packet(self, data):
        seconds, ns = divmod(time.time_ns(), 1000000000)
        self.file.write(struct.pack('<IIII', seconds, ns, len(data), len(data)) + data)


class Connection:
    """Sides: 0 the client, 1 the server."""

    def __init__(self, recording, client, server, number):
        self.recording = recording
        self.ends = [(socket.inet_aton(host), port) for host, port in (client, server)]
        self.next = [number * 100003 & 0xffffffff, number * 200017 & 0xffffffff]
        self.record(0, SYN)
        self.record(1, SYN | ACK)
        self.record(0, ACK)

    def record(self, side, flags, data=b''):
        (source, source_port), (target, target_port) = self.ends[side], self.ends[1 - side]
        ack = self.next[1 - side] if flags & ACK else 0
        tcp = struct.pack('!HHIIBBHHH', source_port, target_port, self.next[side], ack, 5 << 4, flags, 65535, 0, 0)
        pseudo = source + target + struct.pack('!HH', 6, len(tcp) + len(data))
        tcp = tcp[:16] + struct.pack('!H', checksum(pseudo + tcp + data + b'\0' * (len(data) % 2))) + tcp[18:]
        ip = struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(tcp) + len(data), 0, 0x4000, 64, 6, 0) + source + target
        ip = ip[:10] + struct.pack('!H', checksum(ip)) + ip[12:]
        self.recording.packet(ip + tcp + data)
        self.next[side] = self.next[side] + len(data) + (1 if flags & (SYN | FIN) else 0) & 0xffffffff

    async def pass_on(self, side, reader, writer):
        try:
            while data := await reader.read(PIECE):
                self.record(side, ACK, data)
                writer.write(data)
                await writer.drain()
            writer.write_eof()
        except OSError:
            pass
        self.record(side, FIN | ACK)


async def main(port, to_port, path):
    recording, numbers = Recording(path), itertools.count(1)
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)

    async def serve(reader, writer):
        try:
            to_reader, to_writer = await asyncio.open_connection('127.0.0.1', int(to_port))
            c = Connection(recording, writer.get_extra_info('peername'), ('127.0.0.1', int(port)), next(numbers))
            await asyncio.gather(c.pass_on(0, reader, to_writer), c.pass_on(1, to_reader, writer))
            to_writer.close()
        except OSError:
            pass
        writer.close()

    await asyncio.start_server(serve, '127.0.0.1', int(port))
    await stop.wait()


if __name__ == '__main__':
    asyncio.run(main(*sys.argv[1:]))
