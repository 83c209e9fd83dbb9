;; Tail calls between two instances: one side.  Its letter is A.
(module
  (type $unary (func (param i32) (result i32)))
  (type $none (func))
  (table (export "table") 5 funcref)
  (memory 1)
  (data (i32.const 0) "A")
  (elem (i32.const 2) $odd $back)
  (func $odd (type $none))
  (func $letter (export "letter") (type $unary)
    (i32.add (i32.load8_u (i32.const 0)) (local.get 0)))
  ;; to the other side by the table, n times there and back
  (func $back (export "back") (type $unary)
    (if (i32.eqz (local.get 0))
      (then (return_call $letter (i32.const 0))))
    (return_call_indirect (type $unary)
      (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))))
