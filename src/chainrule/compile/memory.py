"""Where every buffer lies: a table of addresses, and room that buffers share one after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chainrule.compile.code import SIZE
from chainrule.compile.nests import Buffer, Schedule
from chainrule.compile.stores import reads
from chainrule.compile.views import reads_anywhere
from chainrule.node import Node


#: Rows that are summed together before their sums are: the same for any number of threads.
BLOCK = 16

#: The same for numbers in one row.
LONG_BLOCK = 2048

_ALIGN = 64


@dataclass(frozen=True)
class Room:
    """A piece of memory that one or more buffers use, one after another.

    number   its place among the rooms
    buffers  those that use it
    phases   (first, last) in which each is in use
    """

    number: int
    buffers: tuple[Buffer, ...]
    phases: tuple[tuple[int, int], ...]

    def bytes(self, rows: int) -> int:
        """How large it is for at most so many rows."""
        return max(buffer_bytes(buffer, rows) for buffer in self.buffers)


@dataclass(frozen=True)
class Plan:
    """The table of addresses that compiled code is given.

    slots    the place of each input, constant, output and buffer in the table
    arrays   constants that have a place
    rooms    shared by all threads; alike: buffers of which every thread has its own
    """

    slots: Mapping[Node | Buffer, int]
    arrays: tuple[Node, ...]
    rooms: tuple[Room, ...]
    alike: tuple[Buffer, ...]
    schedule: Schedule

    @property
    def outputs(self) -> tuple[Buffer, ...]:
        """The buffers that are outputs."""
        return tuple(b for b in self.slots if isinstance(b, Buffer) and b.output is not None)

    @property
    def places(self) -> str:
        """What stands at each place of the table, in order."""
        things = (x if isinstance(x, Buffer) else x.type for x in self.slots)
        return "; ".join(self._line(x) if isinstance(x, Buffer) else str(x) for x in things)

    @property
    def barrier(self) -> int:
        """The place of the memory by which threads meet."""
        return len(self.slots)

    @property
    def flags(self) -> int:
        """The place of the word that tells of errors."""
        return len(self.slots) + 1

    @property
    def private(self) -> int:
        """The place of memory that each thread has for itself."""
        return len(self.slots) + 2

    @property
    def begun(self) -> int:
        """The place of the words that tell how many samples of each share are begun."""
        return len(self.slots) + 3

    @property
    def size(self) -> int:
        """The number of addresses in the table."""
        return len(self.slots) + 4

    def bytes(self, rows: int) -> int:
        """Of all that is shared, for at most so many rows."""
        return sum(room.bytes(rows) for room in self.rooms)

    def __str__(self) -> str:
        lines = [f"{len(self.slots)} addresses; {self.bytes(1)} bytes for one row"]
        for room in self.rooms:
            lines.append(f"room {room.number}")
            for buffer, (first, last) in zip(room.buffers, room.phases, strict=True):
                lines.append(f"  {self._line(buffer)}, phases {first} to {last}")
        lines += [f"each thread: {self._line(buffer)}" for buffer in self.alike]
        return "\n".join(lines)

    def _line(self, buffer: Buffer) -> str:
        name = self.schedule.graph.names.get(buffer.node, "room")
        what = f"parts of {name}" if buffer.parts else name
        return f"{what}: {buffer.size} of {buffer.dtype}"


def buffer_bytes(buffer: Buffer, rows: int) -> int:
    """The size of a buffer for so many rows, rounded up to whole cache lines."""
    count = buffer.size.at(rows)
    if buffer.parts:
        count = count // BLOCK + buffer.row.at(rows)
    size = count * SIZE[buffer.dtype]
    return max(_ALIGN, -(-size // _ALIGN) * _ALIGN)


def plan(schedule: Schedule) -> Plan:
    """Give every buffer a place; those that are not in use at the same time may share one."""
    spans = _spans(schedule)
    shared = [buffer for buffer in spans if buffer.output is None and not buffer.alike]
    outputs = [buffer for buffer in spans if buffer.output is not None]
    alike = tuple(buffer for buffer in spans if buffer.alike)
    arrays = tuple(_arrays(schedule))
    slots: dict[Node | Buffer, int] = {}
    for thing in (*schedule.graph.inputs, *arrays, *outputs, *shared, *alike):
        slots.setdefault(thing, len(slots))
    return Plan(slots, arrays, tuple(_rooms(shared, spans)), alike, schedule)


def _arrays(schedule: Schedule) -> Sequence[Node]:
    found: dict[Node, None] = {}
    for nest in schedule.nests:
        for reader, source in reads(nest, schedule.kept):
            value = source.node.value
            # A single number stands in the code itself, but where an address is taken.
            if value is not None and (value.size != 1 or reads_anywhere(reader)):
                found[source.node] = None
    return list(found)


def _spans(schedule: Schedule) -> dict[Buffer, tuple[int, int]]:
    """From which phase to which each buffer is in use."""
    spans: dict[Buffer, tuple[int, int]] = {}

    def use(buffer: Buffer, phase: int) -> None:
        first, last = spans.get(buffer, (phase, phase))
        spans[buffer] = min(first, phase), max(last, phase)

    for nest, phase in zip(schedule.nests, schedule.phases, strict=True):
        for node in (*nest.members, *nest.sinks):
            if node in schedule.parts:
                use(schedule.parts[node], phase)
        for node in nest.members:
            for target in schedule.stored.get(node, ()):
                use(target.buffer, phase)
        for _, source in reads(nest, schedule.kept):
            for target in schedule.stored.get(source.node, ()):
                if target.into is None:
                    use(target.buffer, phase)
    return spans


def _rooms(buffers: Sequence[Buffer], spans: Mapping[Buffer, tuple[int, int]]) -> list[Room]:
    """First come, first served, the largest first: within a room no two are in use at once."""
    shares: list[list[Buffer]] = []
    for buffer in sorted(buffers, key=lambda b: (-b.size.at(1024), spans[b])):
        first, last = spans[buffer]
        for room in shares:
            if all(spans[other][1] < first or last < spans[other][0] for other in room):
                room.append(buffer)
                break
        else:
            shares.append([buffer])
    return [
        Room(number, tuple(room), tuple(spans[buffer] for buffer in room))
        for number, room in enumerate(shares)
    ]
