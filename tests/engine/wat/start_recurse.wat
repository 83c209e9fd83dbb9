(module (func $f (call $f)) (start $f))
