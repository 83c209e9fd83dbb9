;; 4 GiB in one instruction.
(module
  (memory 65536)
  (func (export "fill")
    (memory.fill (i32.const 0) (i32.const 1) (i32.const -1))))
