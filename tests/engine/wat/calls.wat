;; Calls in both directions, values of each type, traps with a back-trace.
(module
  (import "env" "add" (func $add (param i32 i32) (result i32)))
  (import "env" "fail" (func $fail (param i32)))
  (import "env" "again" (func $again (param i32) (result i32)))
  (export "add" (func $add))
  (func $twice (export "twice") (param i32) (result i32)
    (call $add (local.get 0) (local.get 0)))
  (func $swap (export "swap") (param i64 f64) (result f64 i64)
    (local.get 1) (local.get 0))
  (func $many (export "many") (param i32 i64 f32 f64 i32 i64)
    (result i64 i32 f64 f32 i64 i32)
    (local.get 5) (local.get 4) (local.get 3)
    (local.get 2) (local.get 1) (local.get 0))
  (func $inner (param i32) (result i32)
    (i32.div_u (i32.const 100) (local.get 0)))
  (func $middle (param i32) (result i32)
    (call $inner (i32.sub (local.get 0) (i32.const 1))))
  (func $outer (export "outer") (param i32) (result i32)
    (i32.add (call $middle (local.get 0)) (i32.const 1)))
  (func $fails (export "fails") (param i32) (call $fail (local.get 0)))
  (func $recurse (export "recurse") (param i32) (result i32)
    (i32.add (call $recurse (i32.add (local.get 0) (i32.const 1)))
             (i32.const 1)))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1)
                     (call $down (i32.sub (local.get 0) (i32.const 1)))))))
  (func $reenter (export "reenter") (param i32) (result i32)
    (call $again (local.get 0)))
  (func (export "nameless") unreachable)
  ;; blocks so deep that the tables of blocks grow while the outer one is open
  (func (export "blocks") (result f64)
    (f64.add (f64.const 0.25) (block (result f64)
      (block (block (block (block (block (block (block (block (block (block 
      (block (block (block (block (block (block (block (block (block (block 
      (block (block (block (block (block (block (block (block (block (block 
      (block (block (block (block (block (block (block (block (block (block 
      (block (block (block (block (block (block (block (block (block (block
      ))))))))))))))))))))))))))))))))))))))))))))))))))
      (f64.const 1.5)))))
