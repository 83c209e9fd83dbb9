;; What kinds.wat exports, wanted as loosely as matching allows.
(module
  (import "kinds" "memory" (memory 1 5))
  (import "kinds" "t" (table 2 funcref))
  (import "kinds" "g" (global $g (mut i64)))
  (import "kinds" "k" (global $k i32))
  (import "kinds" "one" (func $one (result i32)))
  (global $mine i32 (i32.add (global.get $k) (i32.const 1)))
  (func (export "get") (result i32)
    (i32.add (call $one) (i32.add (global.get $mine)
             (i32.wrap_i64 (global.get $g))))))
