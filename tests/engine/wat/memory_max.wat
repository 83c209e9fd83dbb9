(module (memory 65536 65536) (func (export "last") (result i32) (i32.load8_u (i32.const -1))) (func (export "over") (result i32) (i32.load (i32.const -1))))
