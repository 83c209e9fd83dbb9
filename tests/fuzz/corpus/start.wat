;; Imports, globals with computed values, a start function.
(module
  (import "env" "log" (func $log (param i32 i64) (result i32)))
  (global $a (export "a") (mut i32) (i32.const 7))
  (global $b (export "b") i64 (i64.mul (i64.const 3) (i64.const 5)))
  (global $v (mut v128) (v128.const i64x2 1 -1))
  (global $r (export "r") funcref (ref.func $start))
  (memory 0 1)
  (func $start
    (global.set $a (call $log (global.get $a) (global.get $b)))
    (drop (memory.grow (i32.const 1)))
    (i32.store (i32.const 0) (global.get $a)))
  (func (export "get") (result i32 i64)
    (global.get $a) (global.get $b))
  (start $start)
  (@custom "note" "anything"))
