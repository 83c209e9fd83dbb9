;; Vectors: lanes, shuffles, loads of each kind.
(module
  (memory 1)
  (func (export "add") (param v128 v128) (result v128)
    (i8x16.add_sat_s (local.get 0) (i16x8.mul (local.get 1) (local.get 0))))
  (func (export "shuffle") (param v128) (result v128)
    (i8x16.shuffle 0 31 1 30 2 29 3 28 4 27 5 26 6 25 7 24
      (local.get 0) (i8x16.swizzle (local.get 0) (local.get 0))))
  (func (export "lane") (param i32 i64) (result i64)
    (i64x2.extract_lane 1 (i64x2.replace_lane 1
      (i32x4.splat (local.get 0)) (local.get 1))))
  (func (export "memory") (param i32) (result f64)
    (v128.store offset=4 (local.get 0) (v128.const f32x4 1 2 3 nan))
    (v128.store8_lane 15 (local.get 0) (v128.load8_splat (local.get 0)))
    (f64x2.extract_lane 0 (f64x2.sqrt
      (v128.load16_lane 3 (local.get 0) (v128.load32x2_s (local.get 0))))))
  (func (export "mask") (param v128 v128) (result i32)
    (i32.add (i8x16.bitmask (i8x16.lt_u (local.get 0) (local.get 1)))
      (v128.any_true (v128.bitselect (local.get 0) (local.get 1)
        (v128.not (local.get 0)))))))
