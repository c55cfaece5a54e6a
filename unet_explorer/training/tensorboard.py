"""TensorBoard's event files, written without TensorFlow or TensorBoard, so that a JAX machine logs too.

An event file is a sequence of TFRecords (length, masked CRC-32C of it, bytes, masked CRC-32C of them), each holding one
`Event` message of TensorFlow's event.proto, of which only the few fields below are used.
"""

from __future__ import annotations

import os
import socket
import struct
import time
from collections.abc import Mapping
from pathlib import Path


class EventFile:
    """An event file in a log folder; it is opened for each record, so that a killed run keeps what it logged.

    Args:
        folder: of the run; made if needed.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        name = f"events.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}"
        self._path = folder / name
        self._write(_text(3, b"brain.Event:2"), 0, time.time())

    def scalars(self, values: Mapping[str, float], step: int, when: float) -> None:
        """Log numbers by name.

        Args:
            values: such as {"loss": 0.7}.
            step: of the run.
            when: unix seconds.
        """
        entries = b"".join(_bytes(1, _text(1, name.encode()) + _float(2, value)) for name, value in values.items())
        self._write(_bytes(5, entries), step, when)

    def _write(self, content: bytes, step: int, when: float) -> None:
        record = _double(1, when) + _varint_field(2, step) + content
        length = struct.pack("<Q", len(record))
        with self._path.open("ab") as file:
            file.write(length + _masked_crc(length) + record + _masked_crc(record))


def _tag(number: int, kind: int) -> bytes:
    return _varint(number << 3 | kind)


def _varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*encoded, value])


def _varint_field(number: int, value: int) -> bytes:
    return _tag(number, 0) + _varint(value)


def _double(number: int, value: float) -> bytes:
    return _tag(number, 1) + struct.pack("<d", value)


def _float(number: int, value: float) -> bytes:
    return _tag(number, 5) + struct.pack("<f", value)


def _bytes(number: int, content: bytes) -> bytes:
    return _tag(number, 2) + _varint(len(content)) + content


_text = _bytes


def _crc_table() -> list[int]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82F63B78 if value & 1 else 0)
        table.append(value)
    return table


_CRC_TABLE = _crc_table()


def _masked_crc(content: bytes) -> bytes:
    crc = 0xFFFFFFFF
    for byte in content:
        crc = _CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    crc ^= 0xFFFFFFFF
    return struct.pack("<I", ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF)
