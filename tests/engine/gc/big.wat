;; Big arrays in a table, objects that only a segment has, references for the
;; host, and bulk operations without end.
(module
  (type $bytes (array (mut i8)))
  (type $node (struct (field i32)))
  (table $arrays 16 (ref null $bytes))
  (table $nodes 1 (ref null $node))
  (table $many 200000 (ref null $node))
  (elem $kept (ref null $node) (item (struct.new $node (i32.const 77))))
  (data $zeros "\00\00\00\00\00\00\00\00")
  (tag $oops)
  ;; slot i is an array of n bytes, each i
  (func (export "put") (param $i i32) (param $n i32)
    (table.set $arrays (local.get $i)
      (array.new $bytes (local.get $i) (local.get $n))))
  (func (export "put_default") (param $i i32) (param $n i32)
    (table.set $arrays (local.get $i)
      (array.new_default $bytes (local.get $n))))
  ;; makes n nodes that hold -1, and as many by default: how many aren't 0
  (func (export "defaults") (param $n i32) (param i32) (result i32)
    (local $bad i32)
    (loop $next
      (drop (struct.new $node (i32.const -1)))
      (local.set $bad (i32.add (local.get $bad)
        (i32.ne (i32.const 0)
                (struct.get $node 0 (struct.new_default $node)))))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $bad))
  (func (export "drop") (param $i i32)
    (table.set $arrays (local.get $i) (ref.null $bytes)))
  ;; how many bytes of slot i are i
  (func (export "count") (param $i i32) (result i32)
    (local $a (ref null $bytes)) (local $k i32) (local $n i32)
    (local.set $a (table.get $arrays (local.get $i)))
    (loop $next
      (local.set $n (i32.add (local.get $n)
        (i32.eq (array.get_u $bytes (local.get $a) (local.get $k))
                (local.get $i))))
      (br_if $next (i32.lt_u
        (local.tee $k (i32.add (local.get $k) (i32.const 1)))
        (array.len (local.get $a)))))
    (local.get $n))
  (func (export "churn") (param $n i32) (param i32)
    (loop $next
      (drop (struct.new $node (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  ;; element i is a node that holds i, for each step-th i from `from` to `to`
  (func (export "nodes") (param $i i32) (param $step i32) (param $to i32)
    (loop $next
      (table.set $many (local.get $i) (struct.new $node (local.get $i)))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (local.get $step)))
        (local.get $to)))))
  (func (export "nodes_drop") (param $i i32) (param $step i32) (param $to i32)
    (loop $next
      (table.set $many (local.get $i) (ref.null $node))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (local.get $step)))
        (local.get $to)))))
  ;; how many of them don't
  (func (export "nodes_wrong") (param $i i32) (param $step i32) (param $to i32)
    (result i32) (local $n i32)
    (loop $next
      (local.set $n (i32.add (local.get $n) (i32.ne (local.get $i)
        (struct.get $node 0 (table.get $many (local.get $i))))))
      (br_if $next (i32.lt_u
        (local.tee $i (i32.add (local.get $i) (local.get $step)))
        (local.get $to))))
    (local.get $n))
  (func (export "from_segment") (result i32)
    (table.init $nodes $kept (i32.const 0) (i32.const 0) (i32.const 1))
    (struct.get $node 0 (table.get $nodes (i32.const 0))))
  (func (export "drop_segment") (elem.drop $kept))
  (func (export "exception") (result exnref)
    (block $caught (result exnref)
      (try_table (catch_all_ref $caught) (throw $oops))
      (unreachable)))
  (func (export "same") (param externref) (result externref) (local.get 0))
  (func (export "inside") (param externref) (result anyref)
    (any.convert_extern (local.get 0)))
  ;; whether what the host gave is a node
  (func (export "is_node") (param externref) (result i32)
    (ref.test (ref $node) (any.convert_extern (local.get 0))))
  (func (export "outside") (result externref)
    (extern.convert_any (struct.new $node (i32.const 1))))
  (func (export "small") (result externref)
    (extern.convert_any (ref.i31 (i32.const -1))))
  (func $array (result (ref $bytes))
    (array.new_default $bytes (i32.const 4000000)))
  ;; slot 0 has an array of 4,000,000 bytes
  (func (export "spin_fill") (local $a (ref null $bytes))
    (local.set $a (table.get $arrays (i32.const 0)))
    (loop $again
      (array.fill $bytes (local.get $a) (i32.const 0) (i32.const 1)
                  (i32.const 4000000))
      (br $again)))
  (func (export "spin_copy") (local $a (ref null $bytes))
    (local.set $a (table.get $arrays (i32.const 0)))
    (loop $again
      (array.copy $bytes $bytes (local.get $a) (i32.const 1) (local.get $a)
                  (i32.const 0) (i32.const 3999999))
      (br $again)))
  (func (export "spin_new")
    (loop $again (drop (call $array)) (br $again)))
  (func (export "spin_throw")
    (loop $again
      (block $caught (try_table (catch_all $caught) (throw $oops)))
      (br $again))))
