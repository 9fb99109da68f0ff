"""Two small WebAssembly modules between MicroPython and its host: they sort the calls on files.

Descriptors 0 to 2 and those from 1000 on are the board's line and what else the host provides itself; all others are
files, which wasmtime's own WASI serves. WASI finds the memory of whoever calls it, and MicroPython's memory exists only
once MicroPython does. So MicroPython is linked to `FRONT`, whose functions go through a table; `BACK`, which is made
last, imports the memory, shows it to WASI as its own, and fills the table.

Calls from WebAssembly to Python are much cheaper without arguments (3 instead of 17 microseconds): `read` and `write`
find theirs in a page of memory, five words: descriptor, address, bytes wanted; errno, bytes done.

In the same page `BACK` counts down how many bytes the files may still grow by; where they are used up, `measure` looks
how many there really are. A new file is counted as a block more than what is written, for the last one may be begun.
"""

BLOCK = 4096
"""Bytes that the files in a board's flash are made of, as littlefs has it. A folder takes two of them, for what is
about it is kept twice (https://github.com/littlefs-project/littlefs/blob/master/DESIGN.md, "metadata pairs")."""

ROOM = 24
"""Where in the page of calls the number of bytes is that files may still grow by: 64 bits."""

_CREAT, _ENOSPC = 1, 51  # WASI's numbers

_SHORT = "(param i32 i32 i32 i32) (result i32)"
_LONG = "(param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)"

FRONT = f"""(module
  (table (export "table") 6 6 funcref)
  (func (export "fd_read") {_SHORT}
    (call_indirect {_SHORT} (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 0)))
  (func (export "fd_write") {_SHORT}
    (call_indirect {_SHORT} (local.get 0) (local.get 1) (local.get 2) (local.get 3) (i32.const 1)))
  (func (export "fd_close") (param i32) (result i32)
    (call_indirect (param i32) (result i32) (local.get 0) (i32.const 2)))
  (func (export "fd_fdstat_get") (param i32 i32) (result i32)
    (call_indirect (param i32 i32) (result i32) (local.get 0) (local.get 1) (i32.const 3)))
  (func (export "path_open") {_LONG}
    (call_indirect {_LONG} (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5)
      (local.get 6) (local.get 7) (local.get 8) (i32.const 4)))
  (func (export "path_create_directory") (param i32 i32 i32) (result i32)
    (call_indirect (param i32 i32 i32) (result i32) (local.get 0) (local.get 1) (local.get 2) (i32.const 5))))
"""

_WASI = "wasi_snapshot_preview1"

BACK = f"""(module
  (import "micropython" "memory" (memory $memory 1))
  (import "front" "table" (table 6 6 funcref))
  (import "{_WASI}" "fd_read" (func $wasi_read {_SHORT}))
  (import "{_WASI}" "fd_write" (func $wasi_write {_SHORT}))
  (import "{_WASI}" "fd_close" (func $wasi_close (param i32) (result i32)))
  (import "{_WASI}" "fd_fdstat_get" (func $wasi_fdstat (param i32 i32) (result i32)))
  (import "{_WASI}" "path_open" (func $wasi_open {_LONG}))
  (import "{_WASI}" "path_create_directory" (func $wasi_mkdir (param i32 i32 i32) (result i32)))
  (import "host" "read" (func $host_read))
  (import "host" "write" (func $host_write))
  (import "host" "open" (func $host_open (param i32 i32) (result i32)))
  (import "host" "close" (func $host_close (param i32)))
  (import "host" "measure" (func $host_measure))
  (memory $call 1)
  (export "memory" (memory $memory))
  (export "call" (memory $call))
  (elem (table 0) (i32.const 0) func $read $write $close $fdstat $open $mkdir)

  (func $of_host (param $fd i32) (result i32)
    (i32.or (i32.lt_u (local.get $fd) (i32.const 3)) (i32.ge_u (local.get $fd) (i32.const 1000))))

  ;; Only the first buffer is used: a call may always do less than it was asked for.
  (func $ask (param $fd i32) (param $buffers i32)
    (i32.store $call (i32.const 0) (local.get $fd))
    (i32.store $call (i32.const 4) (i32.load $memory (local.get $buffers)))
    (i32.store $call (i32.const 8) (i32.load $memory offset=4 (local.get $buffers))))
  (func $answer (param $done i32) (result i32)
    (i32.store $memory (local.get $done) (i32.load $call (i32.const 16)))
    (i32.load $call (i32.const 12)))

  ;; Whether there is room for so many bytes, which are taken then.
  (func $take (param $bytes i64) (result i32)
    (if (i64.lt_s (i64.load $call (i32.const {ROOM})) (local.get $bytes)) (then (call $host_measure)))
    (if (result i32) (i64.lt_s (i64.load $call (i32.const {ROOM})) (local.get $bytes))
      (then (i32.const 0))
      (else
        (i64.store $call (i32.const {ROOM}) (i64.sub (i64.load $call (i32.const {ROOM})) (local.get $bytes)))
        (i32.const 1))))

  (func $read (param $fd i32) (param $buffers i32) (param $count i32) (param $done i32) (result i32)
    (if (result i32) (call $of_host (local.get $fd))
      (then
        (call $ask (local.get $fd) (local.get $buffers))
        (call $host_read)
        (call $answer (local.get $done)))
      (else (call $wasi_read (local.get $fd) (local.get $buffers) (local.get $count) (local.get $done)))))
  (func $write (param $fd i32) (param $buffers i32) (param $count i32) (param $done i32) (result i32)
    (if (result i32) (call $of_host (local.get $fd))
      (then
        (call $ask (local.get $fd) (local.get $buffers))
        (call $host_write)
        (call $answer (local.get $done)))
      (else
        (if (result i32) (call $take (i64.extend_i32_u (i32.load $memory offset=4 (local.get $buffers))))
          (then (call $wasi_write (local.get $fd) (local.get $buffers) (local.get $count) (local.get $done)))
          (else (i32.const {_ENOSPC}))))))
  (func $close (param $fd i32) (result i32)
    (if (result i32) (call $of_host (local.get $fd))
      (then (call $host_close (local.get $fd)) (i32.const 0))
      (else (call $wasi_close (local.get $fd)))))
  (func $fdstat (param $fd i32) (param $stat i32) (result i32)
    (if (result i32) (call $of_host (local.get $fd))
      (then ;; a character device that allows everything
        (i32.store $memory (local.get $stat) (i32.const 2))
        (i64.store $memory offset=8 (local.get $stat) (i64.const -1))
        (i64.store $memory offset=16 (local.get $stat) (i64.const -1))
        (i32.const 0))
      (else (call $wasi_fdstat (local.get $fd) (local.get $stat)))))
  (func $open (param $folder i32) (param $lookup i32) (param $path i32) (param $length i32) (param $how i32)
      (param $rights i64) (param $inherit i64) (param $flags i32) (param $opened i32) (result i32)
    (local $fd i32)
    (local.set $fd (call $host_open (local.get $path) (local.get $length)))
    (if (result i32) (i32.ge_s (local.get $fd) (i32.const 0))
      (then (i32.store $memory (local.get $opened) (local.get $fd)) (i32.const 0))
      (else
        (if (result i32) (call $may_make (local.get $how))
          (then
            (call $wasi_open (local.get $folder) (local.get $lookup) (local.get $path) (local.get $length)
              (local.get $how) (local.get $rights) (local.get $inherit) (local.get $flags) (local.get $opened)))
          (else (i32.const {_ENOSPC}))))))
  (func $may_make (param $how i32) (result i32)
    (if (result i32) (i32.and (local.get $how) (i32.const {_CREAT}))
      (then (call $take (i64.const {BLOCK})))
      (else (i32.const 1))))
  (func $mkdir (param $folder i32) (param $path i32) (param $length i32) (result i32)
    (if (result i32) (call $take (i64.const {2 * BLOCK}))
      (then (call $wasi_mkdir (local.get $folder) (local.get $path) (local.get $length)))
      (else (i32.const {_ENOSPC})))))
"""
