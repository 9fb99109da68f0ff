"""The virtual board: real MicroPython as WebAssembly that behaves on its line like the firmware of a board.

``python -m metakernel_micropython.virtual`` serves one board on a pseudo terminal, on a TCP port, or on a connection to
the program that started it. The rooms, from the line inwards:

    servers      a pty, a TCP port or a connection: bytes from and to a client
    line         the serial line: two buffers, and the interrupt character
    pyexec       the firmware's prompts: friendly, paste mode, raw REPL, raw-paste (with readline)
    profiles     which board it is: a Pico, an ESP32, none in particular
    virtual_board  power on, soft reset, hard reset, crash: one interpreter after the other
    interpreter  one life of MicroPython: the calls that it makes to its host
    state        Ctrl-C, put into the interpreter's memory as a board's interrupt handler does
    circuit      what is connected to the pins (with wiring/: pins and buses)
    parts/       LEDs, buttons, sensors, displays on the circuit
    control      the connection on which parts are attached and looked at
    switch       which calls on files are the host's, and which are WASI's
    stack        what the garbage collector would find of an earlier program
    stack        the C stack, cleared between programs
    boot_script  the part that MicroPython runs itself: a loop that executes what the prompt has read
    disk         the modules that the firmware has as files, and how much room there is
    errno_numbers  the numbers of errors as firmware has them
    spill, cache the WebAssembly module, made safe for its garbage collector, compiled once and kept

Nothing here knows Jupyter, the kernel or the host's side of the protocol.
"""
