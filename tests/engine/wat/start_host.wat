(module (import "env" "hello" (func $hello)) (memory (export "memory") 1)
  (start $hello))
