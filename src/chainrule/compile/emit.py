"""From loop nests to LLVM IR: a function for each nest, and one that runs them in turn."""

from __future__ import annotations

from collections.abc import Callable

from chainrule.compile.affine import Count, Place, count, elements
from chainrule.compile.code import Code, Module
from chainrule.compile.collapse import can_flatten
from chainrule.compile.gathering import flag_outside, gathered
from chainrule.compile.inline import Inline
from chainrule.compile.lanes import Lanes, zeros
from chainrule.compile.loops import Loops, is_whole
from chainrule.compile.memory import BLOCK, LONG_BLOCK, Plan
from chainrule.compile.nests import Kind
from chainrule.compile.passes import passes
from chainrule.compile.sharing import share
from chainrule.compile.sums import add_up
from chainrule.compile.target import Target
from chainrule.compile.tiles import Memory, tile_room, write_product, write_tiles
from chainrule.compile.views import reads_anywhere
from chainrule.compile.writer import ARGUMENTS, Number, Point, Writer
from chainrule.node import Node
from chainrule.ops import PRIMITIVES
from chainrule.ops.random import threefry


#: Nests with fewer elements than this are run by the first thread alone.
_FEW = 1024


def write_step(module: Module, plan: Plan, target: Target, gemm_bytes: int) -> None:
    """Add the functions of all nests, and `step`, which runs them with barriers between phases.

    gemm_bytes  of scratch memory for the matrix multiplication
    """
    schedule = plan.schedule
    step = module.function("step", ARGUMENTS)
    barrier = step.first(f"getelementptr inbounds ptr, ptr %table, i64 {plan.barrier}")
    state = step.first(f"load ptr, ptr {barrier}, align 8")
    before = 0
    for place, (nest, phase) in enumerate(zip(schedule.nests, schedule.phases, strict=True)):
        if phase != before:
            meet(step, state)
            before = phase
        name = f"nest_{place}"
        code = module.function(name, ARGUMENTS, linkage="internal")
        _write(Writer(module, target, schedule, plan, nest, code), gemm_bytes)
        code.do("ret void")
        step.call(name, "void", *((type, f"%{name}") for type, name in ARGUMENTS))
    step.do("ret void")


def meet(code: Code, state: str) -> None:
    """All threads wait for each other; a thread that is alone goes on."""
    with code.when(code.get("icmp sgt i64 %threads, 1")):
        code.call("barrier", "void", ("ptr", state), ("i64", "%threads"))


def private_bytes(plan: Plan, gemm_bytes: int) -> Count:
    """How much memory each thread needs for itself, besides its own buffers."""
    rooms = Count((0,))
    tiles = Count((0,))
    for nest in plan.schedule.nests:
        rooms = _larger(rooms, passes(nest, plan.schedule).room(nest))
        tiles = _larger(tiles, tile_room(nest))
    return rooms + tiles + Count((gemm_bytes + 4 * 64,))


def _larger(x: Count, y: Count) -> Count:
    """A count that is at least as large as both, whatever the number of rows."""
    longer = max(len(x.coefficients), len(y.coefficients))
    both = [(*c.coefficients, *[0] * (longer - len(c.coefficients))) for c in (x, y)]
    found = list(map(max, *both))
    while len(found) > 1 and not found[-1]:
        found.pop()
    return Count(tuple(found))


def _write(writer: Writer, gemm_bytes: int) -> None:
    nest = writer.nest
    memory = _memory(writer, gemm_bytes)
    if nest.kind is Kind.ALIKE:
        _write_alike(writer)
    elif nest.kind is Kind.ALONE:
        with writer.code.when(writer.code.get("icmp eq i64 %thread, 0")):
            _write_alone(writer, memory)
    elif nest.contract is not None and nest.closed:
        write_product(writer, memory)
    elif nest.contract is not None and len(nest.space) == 2:
        write_tiles(writer, memory)
    else:
        _write_loops(writer, memory)


def _memory(writer: Writer, gemm_bytes: int) -> Memory:
    """This thread's own memory, divided: for the matrix multiplication, for rows, for tiles."""
    nest, code = writer.nest, writer.code
    dtype = nest.contract.type.dtype if nest.contract is not None else "float64"
    room = passes(nest, writer.schedule).room(nest)
    if nest.contract is None and room == Count((0,)):
        return Memory(f"gemm_{dtype}", "null", "null", "null")
    scratch = writer.pointer(writer.plan.private)
    rows = code.at(scratch, "i8", -(-gemm_bytes // 64) * 64)
    rounded = code.mul(code.div(code.add(writer.count(room), 63), 64), 64)
    return Memory(f"gemm_{dtype}", scratch, rows, code.at(rows, "i8", rounded))


# ---- loops ---------------------------------------------------------------------------------------


def _write_loops(writer: Writer, memory: Memory) -> None:
    """A nest without a matrix product."""
    nest, code = writer.nest, writer.code
    shape = nest.space
    is_line = len(shape) == 1 or can_flatten(writer)
    few = elements(shape).fixed
    writer.flat = len(shape) > 1 and is_line
    whole = is_whole(writer) and not is_line
    inline = None if nest.contract is None else Inline(writer, nest.contract)
    small = is_line and few is not None and few <= _FEW and not nest.sinks
    if small and len(shape) == 1:
        whole = is_whole(writer)
    loops = Loops(writer, whole=whole, room=memory.room, inline=inline)
    if small:
        with code.when(code.get("icmp eq i64 %thread, 0")):
            loops.over_line(0, writer.count(elements(shape)))
        return
    if is_line:
        size = writer.count(elements(shape))
        loops.over_line(*share(writer.code, size, LONG_BLOCK if nest.sinks else 64))
        return
    rows = share(writer.code, writer.count(elements(shape[:-1])), BLOCK if nest.sinks else 1)
    loops.over_rows(*rows, (0, writer.count(elements(shape[-1:]))))


# ---- what every thread computes, or one alone ----------------------------------------------------


def _write_alike(writer: Writer) -> None:
    """A few numbers, computed by every thread for itself."""
    nest = writer.nest
    values: dict[Node, Lanes] = {}
    point = Point(())
    for node in nest.members:
        if any(node is one for one in nest.finishes):
            values[node] = add_up(writer, node, writer.schedule.parts[node], 1, point)
        elif node.primitive is not None and node.primitive.code == "fold_in":
            _write_key(writer, node)
            continue
        elif writer.is_filled(node):
            values[node] = zeros(writer.code, node.type.dtype, 1)
        elif reads_anywhere(node):
            values[node] = gathered(writer, node, point)
        else:
            operands = [
                values[x.node] if x.node in values else writer.load(x, point)
                for x in writer.operands(node)
            ]
            values[node] = writer.apply(node, operands, 1)
        _store_alike(writer, node, lambda at, value=values[node]: value)


def _store_alike(writer: Writer, node: Node, value: Callable[[int], Lanes]) -> None:
    """Write the numbers of a node: its own buffers by every thread, shared ones by the first."""
    size = elements(node.shape).fixed or 0
    for target, place in writer.stores(node):
        pointer = writer.pointer(target.buffer)

        def write(pointer: str = pointer, place: Place = place) -> None:
            for number_of_word in range(size):
                at = writer.place(place, (number_of_word,))
                writer.store_lanes(value(number_of_word), pointer, at, Point(()))

        if target.buffer.alike:
            write()
            continue
        with writer.code.when(writer.code.get("icmp eq i64 %thread, 0")):
            write()


def _write_key(writer: Writer, node: Node) -> None:
    """A new key for random numbers."""
    key, data = writer.operands(node)
    pointer = writer.pointer(writer.where(key.node))
    words = tuple(
        writer.load_number(pointer, "uint32", writer.place(key.place, (word,))) for word in (0, 1)
    )
    number_in = writer.load(data, Point(())).cast("int64").cast("uint64")
    high, low = (number_in >> 32).cast("uint32"), number_in.cast("uint32")
    made = threefry(words, high, low)
    _store_alike(writer, node, lambda word: made[word])


def _write_alone(writer: Writer, memory: Memory) -> None:
    """A nest that one thread runs."""
    if not writer.nest.space or writer.nest.nodes[0].primitive is PRIMITIVES["fold_in"]:
        _write_alike(writer)
        return
    (node,) = writer.nest.nodes
    if node.primitive is not None and node.primitive.code == "scatter_add":
        _write_scatter(writer, node)
        return
    loops = Loops(writer, room=memory.room)
    loops.over_line(0, writer.count(elements(writer.nest.space)))


def _write_scatter(writer: Writer, node: Node) -> None:
    """Zeros, and every element of the operand added where its index says."""
    values, indices = writer.operands(node)
    code, dtype = writer.code, node.type.dtype
    axis = dict(node.params)["axis"]
    operand, chosen = node.inputs
    out = writer.pointer(writer.schedule.stored[node][0].buffer)
    zero = zeros(code, dtype, 1)
    with code.loop(0, writer.count(elements(node.shape))) as place:
        writer.store_lanes(zero, out, place, Point(()))
    with code.loop(0, writer.count(elements(operand.shape))) as place:
        counters = _counters(writer, place, operand)
        many = len(chosen.shape)
        at = writer.place(indices.place, counters[axis : axis + many])
        index = writer.load_number(
            writer.pointer(writer.where(indices.node)), chosen.type.dtype, at
        ).cast("int64")
        size = writer.count(count(node.shape[axis]))
        index = (index < 0).where(index + Lanes(code, str(size), "int64", 1), index)
        inside = (index >= 0) & (index < Lanes(code, str(size), "int64", 1))
        flag_outside(writer, inside, Point(()))
        with code.when(inside.value):
            target: list[Number] = [*counters[:axis], index.value, *counters[axis + many :]]
            goal = _flat(writer, target, node)
            value = writer.load_number(
                writer.pointer(writer.where(values.node)),
                dtype,
                writer.place(values.place, counters),
            )
            so_far = writer.load_number(out, dtype, goal)
            total = so_far | value if dtype == "bool" else so_far + value
            writer.store_lanes(total, out, goal, Point(()))


def _counters(writer: Writer, place: Number, node: Node) -> list[Number]:
    """The index of the element at a row-major place."""
    counters: list[Number] = []
    for size in reversed(node.shape):
        of = writer.count(count(size))
        counters.append(writer.code.rem(place, of))
        place = writer.code.div(place, of)
    return counters[::-1]


def _flat(writer: Writer, index: list[Number], node: Node) -> Number:
    total: Number = 0
    for one, size in zip(index, node.shape, strict=True):
        total = writer.code.add(writer.code.mul(total, writer.count(count(size))), one)
    return total
