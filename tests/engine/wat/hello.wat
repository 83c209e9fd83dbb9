;; What the example of engine/README.md runs.
(module
  (import "env" "print" (func $print (param i32 i32)))
  (memory (export "memory") 1)
  (data (i32.const 8) "hello from the guest\0a")
  (func (export "run") (param i32) (result i32)
    (call $print (i32.const 8) (i32.const 21))
    (i32.mul (local.get 0) (i32.const 2))))
