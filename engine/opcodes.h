/* The instructions (Section 5.4, and the threads proposal's atomics): one row
 * each, in binary order; validator, lowering and texts are made from them. */
#ifndef WE_OPCODES_H
#define WE_OPCODES_H

/*
 * row(SYMBOL, code, text, IMMEDIATE, rule)
 *
 *   code       the byte, or prefix << 12 | number behind the prefix
 *   IMMEDIATE  what follows in the binary: a row of WE_IMMEDIATES
 *   rule       operands : results, a letter each, the last operand on top; or
 *              "*" where the types depend on more than the opcode (validate.c)
 *
 *   i i32   I i64   f f32   F f64   v v128   p address of the memory accessed
 *   q (ref null eq)   j (ref null i31)   J (ref i31)   y (ref null array)
 */

/* one byte */
#define WE_OPCODES_BYTE(row) \
    row(UNREACHABLE, 0x00, "unreachable", NONE, "*") \
    row(NOP, 0x01, "nop", NONE, ":") \
    row(BLOCK, 0x02, "block", BLOCK, "*") \
    row(LOOP, 0x03, "loop", BLOCK, "*") \
    row(IF, 0x04, "if", BLOCK, "*") \
    row(ELSE, 0x05, "else", NONE, "*") \
    row(THROW, 0x08, "throw", TAG, "*") \
    row(THROW_REF, 0x0a, "throw_ref", NONE, "*") \
    row(END, 0x0b, "end", NONE, "*") \
    row(BR, 0x0c, "br", LABEL, "*") \
    row(BR_IF, 0x0d, "br_if", LABEL, "*") \
    row(BR_TABLE, 0x0e, "br_table", LABELS, "*") \
    row(RETURN, 0x0f, "return", NONE, "*") \
    row(CALL, 0x10, "call", FUNC, "*") \
    row(CALL_INDIRECT, 0x11, "call_indirect", TYPE_TABLE, "*") \
    row(RETURN_CALL, 0x12, "return_call", FUNC, "*") \
    row(RETURN_CALL_INDIRECT, 0x13, "return_call_indirect", TYPE_TABLE, "*") \
    row(CALL_REF, 0x14, "call_ref", TYPE, "*") \
    row(RETURN_CALL_REF, 0x15, "return_call_ref", TYPE, "*") \
    row(DROP, 0x1a, "drop", NONE, "*") \
    row(SELECT, 0x1b, "select", NONE, "*") \
    row(SELECT_T, 0x1c, "select", VALTYPES, "*") \
    row(TRY_TABLE, 0x1f, "try_table", TRY, "*") \
    row(LOCAL_GET, 0x20, "local.get", LOCAL, "*") \
    row(LOCAL_SET, 0x21, "local.set", LOCAL, "*") \
    row(LOCAL_TEE, 0x22, "local.tee", LOCAL, "*") \
    row(GLOBAL_GET, 0x23, "global.get", GLOBAL, "*") \
    row(GLOBAL_SET, 0x24, "global.set", GLOBAL, "*") \
    row(TABLE_GET, 0x25, "table.get", TABLE, "*") \
    row(TABLE_SET, 0x26, "table.set", TABLE, "*") \
    row(I32_LOAD, 0x28, "i32.load", MEM4, "p:i") \
    row(I64_LOAD, 0x29, "i64.load", MEM8, "p:I") \
    row(F32_LOAD, 0x2a, "f32.load", MEM4, "p:f") \
    row(F64_LOAD, 0x2b, "f64.load", MEM8, "p:F") \
    row(I32_LOAD8_S, 0x2c, "i32.load8_s", MEM1, "p:i") \
    row(I32_LOAD8_U, 0x2d, "i32.load8_u", MEM1, "p:i") \
    row(I32_LOAD16_S, 0x2e, "i32.load16_s", MEM2, "p:i") \
    row(I32_LOAD16_U, 0x2f, "i32.load16_u", MEM2, "p:i") \
    row(I64_LOAD8_S, 0x30, "i64.load8_s", MEM1, "p:I") \
    row(I64_LOAD8_U, 0x31, "i64.load8_u", MEM1, "p:I") \
    row(I64_LOAD16_S, 0x32, "i64.load16_s", MEM2, "p:I") \
    row(I64_LOAD16_U, 0x33, "i64.load16_u", MEM2, "p:I") \
    row(I64_LOAD32_S, 0x34, "i64.load32_s", MEM4, "p:I") \
    row(I64_LOAD32_U, 0x35, "i64.load32_u", MEM4, "p:I") \
    row(I32_STORE, 0x36, "i32.store", MEM4, "pi:") \
    row(I64_STORE, 0x37, "i64.store", MEM8, "pI:") \
    row(F32_STORE, 0x38, "f32.store", MEM4, "pf:") \
    row(F64_STORE, 0x39, "f64.store", MEM8, "pF:") \
    row(I32_STORE8, 0x3a, "i32.store8", MEM1, "pi:") \
    row(I32_STORE16, 0x3b, "i32.store16", MEM2, "pi:") \
    row(I64_STORE8, 0x3c, "i64.store8", MEM1, "pI:") \
    row(I64_STORE16, 0x3d, "i64.store16", MEM2, "pI:") \
    row(I64_STORE32, 0x3e, "i64.store32", MEM4, "pI:") \
    row(MEMORY_SIZE, 0x3f, "memory.size", MEMORY, ":p") \
    row(MEMORY_GROW, 0x40, "memory.grow", MEMORY, "p:p") \
    row(I32_CONST, 0x41, "i32.const", I32, ":i") \
    row(I64_CONST, 0x42, "i64.const", I64, ":I") \
    row(F32_CONST, 0x43, "f32.const", F32, ":f") \
    row(F64_CONST, 0x44, "f64.const", F64, ":F") \
    row(I32_EQZ, 0x45, "i32.eqz", NONE, "i:i") \
    row(I32_EQ, 0x46, "i32.eq", NONE, "ii:i") \
    row(I32_NE, 0x47, "i32.ne", NONE, "ii:i") \
    row(I32_LT_S, 0x48, "i32.lt_s", NONE, "ii:i") \
    row(I32_LT_U, 0x49, "i32.lt_u", NONE, "ii:i") \
    row(I32_GT_S, 0x4a, "i32.gt_s", NONE, "ii:i") \
    row(I32_GT_U, 0x4b, "i32.gt_u", NONE, "ii:i") \
    row(I32_LE_S, 0x4c, "i32.le_s", NONE, "ii:i") \
    row(I32_LE_U, 0x4d, "i32.le_u", NONE, "ii:i") \
    row(I32_GE_S, 0x4e, "i32.ge_s", NONE, "ii:i") \
    row(I32_GE_U, 0x4f, "i32.ge_u", NONE, "ii:i") \
    row(I64_EQZ, 0x50, "i64.eqz", NONE, "I:i") \
    row(I64_EQ, 0x51, "i64.eq", NONE, "II:i") \
    row(I64_NE, 0x52, "i64.ne", NONE, "II:i") \
    row(I64_LT_S, 0x53, "i64.lt_s", NONE, "II:i") \
    row(I64_LT_U, 0x54, "i64.lt_u", NONE, "II:i") \
    row(I64_GT_S, 0x55, "i64.gt_s", NONE, "II:i") \
    row(I64_GT_U, 0x56, "i64.gt_u", NONE, "II:i") \
    row(I64_LE_S, 0x57, "i64.le_s", NONE, "II:i") \
    row(I64_LE_U, 0x58, "i64.le_u", NONE, "II:i") \
    row(I64_GE_S, 0x59, "i64.ge_s", NONE, "II:i") \
    row(I64_GE_U, 0x5a, "i64.ge_u", NONE, "II:i") \
    row(F32_EQ, 0x5b, "f32.eq", NONE, "ff:i") \
    row(F32_NE, 0x5c, "f32.ne", NONE, "ff:i") \
    row(F32_LT, 0x5d, "f32.lt", NONE, "ff:i") \
    row(F32_GT, 0x5e, "f32.gt", NONE, "ff:i") \
    row(F32_LE, 0x5f, "f32.le", NONE, "ff:i") \
    row(F32_GE, 0x60, "f32.ge", NONE, "ff:i") \
    row(F64_EQ, 0x61, "f64.eq", NONE, "FF:i") \
    row(F64_NE, 0x62, "f64.ne", NONE, "FF:i") \
    row(F64_LT, 0x63, "f64.lt", NONE, "FF:i") \
    row(F64_GT, 0x64, "f64.gt", NONE, "FF:i") \
    row(F64_LE, 0x65, "f64.le", NONE, "FF:i") \
    row(F64_GE, 0x66, "f64.ge", NONE, "FF:i") \
    row(I32_CLZ, 0x67, "i32.clz", NONE, "i:i") \
    row(I32_CTZ, 0x68, "i32.ctz", NONE, "i:i") \
    row(I32_POPCNT, 0x69, "i32.popcnt", NONE, "i:i") \
    row(I32_ADD, 0x6a, "i32.add", NONE, "ii:i") \
    row(I32_SUB, 0x6b, "i32.sub", NONE, "ii:i") \
    row(I32_MUL, 0x6c, "i32.mul", NONE, "ii:i") \
    row(I32_DIV_S, 0x6d, "i32.div_s", NONE, "ii:i") \
    row(I32_DIV_U, 0x6e, "i32.div_u", NONE, "ii:i") \
    row(I32_REM_S, 0x6f, "i32.rem_s", NONE, "ii:i") \
    row(I32_REM_U, 0x70, "i32.rem_u", NONE, "ii:i") \
    row(I32_AND, 0x71, "i32.and", NONE, "ii:i") \
    row(I32_OR, 0x72, "i32.or", NONE, "ii:i") \
    row(I32_XOR, 0x73, "i32.xor", NONE, "ii:i") \
    row(I32_SHL, 0x74, "i32.shl", NONE, "ii:i") \
    row(I32_SHR_S, 0x75, "i32.shr_s", NONE, "ii:i") \
    row(I32_SHR_U, 0x76, "i32.shr_u", NONE, "ii:i") \
    row(I32_ROTL, 0x77, "i32.rotl", NONE, "ii:i") \
    row(I32_ROTR, 0x78, "i32.rotr", NONE, "ii:i") \
    row(I64_CLZ, 0x79, "i64.clz", NONE, "I:I") \
    row(I64_CTZ, 0x7a, "i64.ctz", NONE, "I:I") \
    row(I64_POPCNT, 0x7b, "i64.popcnt", NONE, "I:I") \
    row(I64_ADD, 0x7c, "i64.add", NONE, "II:I") \
    row(I64_SUB, 0x7d, "i64.sub", NONE, "II:I") \
    row(I64_MUL, 0x7e, "i64.mul", NONE, "II:I") \
    row(I64_DIV_S, 0x7f, "i64.div_s", NONE, "II:I") \
    row(I64_DIV_U, 0x80, "i64.div_u", NONE, "II:I") \
    row(I64_REM_S, 0x81, "i64.rem_s", NONE, "II:I") \
    row(I64_REM_U, 0x82, "i64.rem_u", NONE, "II:I") \
    row(I64_AND, 0x83, "i64.and", NONE, "II:I") \
    row(I64_OR, 0x84, "i64.or", NONE, "II:I") \
    row(I64_XOR, 0x85, "i64.xor", NONE, "II:I") \
    row(I64_SHL, 0x86, "i64.shl", NONE, "II:I") \
    row(I64_SHR_S, 0x87, "i64.shr_s", NONE, "II:I") \
    row(I64_SHR_U, 0x88, "i64.shr_u", NONE, "II:I") \
    row(I64_ROTL, 0x89, "i64.rotl", NONE, "II:I") \
    row(I64_ROTR, 0x8a, "i64.rotr", NONE, "II:I") \
    row(F32_ABS, 0x8b, "f32.abs", NONE, "f:f") \
    row(F32_NEG, 0x8c, "f32.neg", NONE, "f:f") \
    row(F32_CEIL, 0x8d, "f32.ceil", NONE, "f:f") \
    row(F32_FLOOR, 0x8e, "f32.floor", NONE, "f:f") \
    row(F32_TRUNC, 0x8f, "f32.trunc", NONE, "f:f") \
    row(F32_NEAREST, 0x90, "f32.nearest", NONE, "f:f") \
    row(F32_SQRT, 0x91, "f32.sqrt", NONE, "f:f") \
    row(F32_ADD, 0x92, "f32.add", NONE, "ff:f") \
    row(F32_SUB, 0x93, "f32.sub", NONE, "ff:f") \
    row(F32_MUL, 0x94, "f32.mul", NONE, "ff:f") \
    row(F32_DIV, 0x95, "f32.div", NONE, "ff:f") \
    row(F32_MIN, 0x96, "f32.min", NONE, "ff:f") \
    row(F32_MAX, 0x97, "f32.max", NONE, "ff:f") \
    row(F32_COPYSIGN, 0x98, "f32.copysign", NONE, "ff:f") \
    row(F64_ABS, 0x99, "f64.abs", NONE, "F:F") \
    row(F64_NEG, 0x9a, "f64.neg", NONE, "F:F") \
    row(F64_CEIL, 0x9b, "f64.ceil", NONE, "F:F") \
    row(F64_FLOOR, 0x9c, "f64.floor", NONE, "F:F") \
    row(F64_TRUNC, 0x9d, "f64.trunc", NONE, "F:F") \
    row(F64_NEAREST, 0x9e, "f64.nearest", NONE, "F:F") \
    row(F64_SQRT, 0x9f, "f64.sqrt", NONE, "F:F") \
    row(F64_ADD, 0xa0, "f64.add", NONE, "FF:F") \
    row(F64_SUB, 0xa1, "f64.sub", NONE, "FF:F") \
    row(F64_MUL, 0xa2, "f64.mul", NONE, "FF:F") \
    row(F64_DIV, 0xa3, "f64.div", NONE, "FF:F") \
    row(F64_MIN, 0xa4, "f64.min", NONE, "FF:F") \
    row(F64_MAX, 0xa5, "f64.max", NONE, "FF:F") \
    row(F64_COPYSIGN, 0xa6, "f64.copysign", NONE, "FF:F") \
    row(I32_WRAP_I64, 0xa7, "i32.wrap_i64", NONE, "I:i") \
    row(I32_TRUNC_F32_S, 0xa8, "i32.trunc_f32_s", NONE, "f:i") \
    row(I32_TRUNC_F32_U, 0xa9, "i32.trunc_f32_u", NONE, "f:i") \
    row(I32_TRUNC_F64_S, 0xaa, "i32.trunc_f64_s", NONE, "F:i") \
    row(I32_TRUNC_F64_U, 0xab, "i32.trunc_f64_u", NONE, "F:i") \
    row(I64_EXTEND_I32_S, 0xac, "i64.extend_i32_s", NONE, "i:I") \
    row(I64_EXTEND_I32_U, 0xad, "i64.extend_i32_u", NONE, "i:I") \
    row(I64_TRUNC_F32_S, 0xae, "i64.trunc_f32_s", NONE, "f:I") \
    row(I64_TRUNC_F32_U, 0xaf, "i64.trunc_f32_u", NONE, "f:I") \
    row(I64_TRUNC_F64_S, 0xb0, "i64.trunc_f64_s", NONE, "F:I") \
    row(I64_TRUNC_F64_U, 0xb1, "i64.trunc_f64_u", NONE, "F:I") \
    row(F32_CONVERT_I32_S, 0xb2, "f32.convert_i32_s", NONE, "i:f") \
    row(F32_CONVERT_I32_U, 0xb3, "f32.convert_i32_u", NONE, "i:f") \
    row(F32_CONVERT_I64_S, 0xb4, "f32.convert_i64_s", NONE, "I:f") \
    row(F32_CONVERT_I64_U, 0xb5, "f32.convert_i64_u", NONE, "I:f") \
    row(F32_DEMOTE_F64, 0xb6, "f32.demote_f64", NONE, "F:f") \
    row(F64_CONVERT_I32_S, 0xb7, "f64.convert_i32_s", NONE, "i:F") \
    row(F64_CONVERT_I32_U, 0xb8, "f64.convert_i32_u", NONE, "i:F") \
    row(F64_CONVERT_I64_S, 0xb9, "f64.convert_i64_s", NONE, "I:F") \
    row(F64_CONVERT_I64_U, 0xba, "f64.convert_i64_u", NONE, "I:F") \
    row(F64_PROMOTE_F32, 0xbb, "f64.promote_f32", NONE, "f:F") \
    row(I32_REINTERPRET_F32, 0xbc, "i32.reinterpret_f32", NONE, "f:i") \
    row(I64_REINTERPRET_F64, 0xbd, "i64.reinterpret_f64", NONE, "F:I") \
    row(F32_REINTERPRET_I32, 0xbe, "f32.reinterpret_i32", NONE, "i:f") \
    row(F64_REINTERPRET_I64, 0xbf, "f64.reinterpret_i64", NONE, "I:F") \
    row(I32_EXTEND8_S, 0xc0, "i32.extend8_s", NONE, "i:i") \
    row(I32_EXTEND16_S, 0xc1, "i32.extend16_s", NONE, "i:i") \
    row(I64_EXTEND8_S, 0xc2, "i64.extend8_s", NONE, "I:I") \
    row(I64_EXTEND16_S, 0xc3, "i64.extend16_s", NONE, "I:I") \
    row(I64_EXTEND32_S, 0xc4, "i64.extend32_s", NONE, "I:I") \
    row(REF_NULL, 0xd0, "ref.null", HEAP, "*") \
    row(REF_IS_NULL, 0xd1, "ref.is_null", NONE, "*") \
    row(REF_FUNC, 0xd2, "ref.func", FUNC, "*") \
    row(REF_EQ, 0xd3, "ref.eq", NONE, "qq:i") \
    row(REF_AS_NON_NULL, 0xd4, "ref.as_non_null", NONE, "*") \
    row(BR_ON_NULL, 0xd5, "br_on_null", LABEL, "*") \
    row(BR_ON_NON_NULL, 0xd6, "br_on_non_null", LABEL, "*")

/* prefix 0xfb: garbage collection */
#define WE_OPCODES_FB(row) \
    row(STRUCT_NEW, 0xfb000, "struct.new", TYPE, "*") \
    row(STRUCT_NEW_DEFAULT, 0xfb001, "struct.new_default", TYPE, "*") \
    row(STRUCT_GET, 0xfb002, "struct.get", TYPE_FIELD, "*") \
    row(STRUCT_GET_S, 0xfb003, "struct.get_s", TYPE_FIELD, "*") \
    row(STRUCT_GET_U, 0xfb004, "struct.get_u", TYPE_FIELD, "*") \
    row(STRUCT_SET, 0xfb005, "struct.set", TYPE_FIELD, "*") \
    row(ARRAY_NEW, 0xfb006, "array.new", TYPE, "*") \
    row(ARRAY_NEW_DEFAULT, 0xfb007, "array.new_default", TYPE, "*") \
    row(ARRAY_NEW_FIXED, 0xfb008, "array.new_fixed", TYPE_COUNT, "*") \
    row(ARRAY_NEW_DATA, 0xfb009, "array.new_data", TYPE_DATA, "*") \
    row(ARRAY_NEW_ELEM, 0xfb00a, "array.new_elem", TYPE_ELEM, "*") \
    row(ARRAY_GET, 0xfb00b, "array.get", TYPE, "*") \
    row(ARRAY_GET_S, 0xfb00c, "array.get_s", TYPE, "*") \
    row(ARRAY_GET_U, 0xfb00d, "array.get_u", TYPE, "*") \
    row(ARRAY_SET, 0xfb00e, "array.set", TYPE, "*") \
    row(ARRAY_LEN, 0xfb00f, "array.len", NONE, "y:i") \
    row(ARRAY_FILL, 0xfb010, "array.fill", TYPE, "*") \
    row(ARRAY_COPY, 0xfb011, "array.copy", TYPE_TYPE, "*") \
    row(ARRAY_INIT_DATA, 0xfb012, "array.init_data", TYPE_DATA, "*") \
    row(ARRAY_INIT_ELEM, 0xfb013, "array.init_elem", TYPE_ELEM, "*") \
    row(REF_TEST, 0xfb014, "ref.test", HEAP, "*") \
    row(REF_TEST_NULL, 0xfb015, "ref.test null", HEAP, "*") \
    row(REF_CAST, 0xfb016, "ref.cast", HEAP, "*") \
    row(REF_CAST_NULL, 0xfb017, "ref.cast null", HEAP, "*") \
    row(BR_ON_CAST, 0xfb018, "br_on_cast", CAST, "*") \
    row(BR_ON_CAST_FAIL, 0xfb019, "br_on_cast_fail", CAST, "*") \
    row(ANY_CONVERT_EXTERN, 0xfb01a, "any.convert_extern", NONE, "*") \
    row(EXTERN_CONVERT_ANY, 0xfb01b, "extern.convert_any", NONE, "*") \
    row(REF_I31, 0xfb01c, "ref.i31", NONE, "i:J") \
    row(I31_GET_S, 0xfb01d, "i31.get_s", NONE, "j:i") \
    row(I31_GET_U, 0xfb01e, "i31.get_u", NONE, "j:i")

/* prefix 0xfc: saturating truncation, bulk memory and tables */
#define WE_OPCODES_FC(row) \
    row(I32_TRUNC_SAT_F32_S, 0xfc000, "i32.trunc_sat_f32_s", NONE, "f:i") \
    row(I32_TRUNC_SAT_F32_U, 0xfc001, "i32.trunc_sat_f32_u", NONE, "f:i") \
    row(I32_TRUNC_SAT_F64_S, 0xfc002, "i32.trunc_sat_f64_s", NONE, "F:i") \
    row(I32_TRUNC_SAT_F64_U, 0xfc003, "i32.trunc_sat_f64_u", NONE, "F:i") \
    row(I64_TRUNC_SAT_F32_S, 0xfc004, "i64.trunc_sat_f32_s", NONE, "f:I") \
    row(I64_TRUNC_SAT_F32_U, 0xfc005, "i64.trunc_sat_f32_u", NONE, "f:I") \
    row(I64_TRUNC_SAT_F64_S, 0xfc006, "i64.trunc_sat_f64_s", NONE, "F:I") \
    row(I64_TRUNC_SAT_F64_U, 0xfc007, "i64.trunc_sat_f64_u", NONE, "F:I") \
    row(MEMORY_INIT, 0xfc008, "memory.init", DATA_MEMORY, "pii:") \
    row(DATA_DROP, 0xfc009, "data.drop", DATA, ":") \
    row(MEMORY_COPY, 0xfc00a, "memory.copy", MEMORY_MEMORY, "*") \
    row(MEMORY_FILL, 0xfc00b, "memory.fill", MEMORY, "pip:") \
    row(TABLE_INIT, 0xfc00c, "table.init", ELEM_TABLE, "*") \
    row(ELEM_DROP, 0xfc00d, "elem.drop", ELEM, ":") \
    row(TABLE_COPY, 0xfc00e, "table.copy", TABLE_TABLE, "*") \
    row(TABLE_GROW, 0xfc00f, "table.grow", TABLE, "*") \
    row(TABLE_SIZE, 0xfc010, "table.size", TABLE, "*") \
    row(TABLE_FILL, 0xfc011, "table.fill", TABLE, "*")

/* prefix 0xfd: vectors */
#define WE_OPCODES_FD(row) \
    row(V128_LOAD, 0xfd000, "v128.load", MEM16, "p:v") \
    row(V128_LOAD8X8_S, 0xfd001, "v128.load8x8_s", MEM8, "p:v") \
    row(V128_LOAD8X8_U, 0xfd002, "v128.load8x8_u", MEM8, "p:v") \
    row(V128_LOAD16X4_S, 0xfd003, "v128.load16x4_s", MEM8, "p:v") \
    row(V128_LOAD16X4_U, 0xfd004, "v128.load16x4_u", MEM8, "p:v") \
    row(V128_LOAD32X2_S, 0xfd005, "v128.load32x2_s", MEM8, "p:v") \
    row(V128_LOAD32X2_U, 0xfd006, "v128.load32x2_u", MEM8, "p:v") \
    row(V128_LOAD8_SPLAT, 0xfd007, "v128.load8_splat", MEM1, "p:v") \
    row(V128_LOAD16_SPLAT, 0xfd008, "v128.load16_splat", MEM2, "p:v") \
    row(V128_LOAD32_SPLAT, 0xfd009, "v128.load32_splat", MEM4, "p:v") \
    row(V128_LOAD64_SPLAT, 0xfd00a, "v128.load64_splat", MEM8, "p:v") \
    row(V128_STORE, 0xfd00b, "v128.store", MEM16, "pv:") \
    row(V128_CONST, 0xfd00c, "v128.const", V128, ":v") \
    row(I8X16_SHUFFLE, 0xfd00d, "i8x16.shuffle", SHUFFLE, "vv:v") \
    row(I8X16_SWIZZLE, 0xfd00e, "i8x16.swizzle", NONE, "vv:v") \
    row(I8X16_SPLAT, 0xfd00f, "i8x16.splat", NONE, "i:v") \
    row(I16X8_SPLAT, 0xfd010, "i16x8.splat", NONE, "i:v") \
    row(I32X4_SPLAT, 0xfd011, "i32x4.splat", NONE, "i:v") \
    row(I64X2_SPLAT, 0xfd012, "i64x2.splat", NONE, "I:v") \
    row(F32X4_SPLAT, 0xfd013, "f32x4.splat", NONE, "f:v") \
    row(F64X2_SPLAT, 0xfd014, "f64x2.splat", NONE, "F:v") \
    row(I8X16_EXTRACT_LANE_S, 0xfd015, "i8x16.extract_lane_s", LANE16, "v:i") \
    row(I8X16_EXTRACT_LANE_U, 0xfd016, "i8x16.extract_lane_u", LANE16, "v:i") \
    row(I8X16_REPLACE_LANE, 0xfd017, "i8x16.replace_lane", LANE16, "vi:v") \
    row(I16X8_EXTRACT_LANE_S, 0xfd018, "i16x8.extract_lane_s", LANE8, "v:i") \
    row(I16X8_EXTRACT_LANE_U, 0xfd019, "i16x8.extract_lane_u", LANE8, "v:i") \
    row(I16X8_REPLACE_LANE, 0xfd01a, "i16x8.replace_lane", LANE8, "vi:v") \
    row(I32X4_EXTRACT_LANE, 0xfd01b, "i32x4.extract_lane", LANE4, "v:i") \
    row(I32X4_REPLACE_LANE, 0xfd01c, "i32x4.replace_lane", LANE4, "vi:v") \
    row(I64X2_EXTRACT_LANE, 0xfd01d, "i64x2.extract_lane", LANE2, "v:I") \
    row(I64X2_REPLACE_LANE, 0xfd01e, "i64x2.replace_lane", LANE2, "vI:v") \
    row(F32X4_EXTRACT_LANE, 0xfd01f, "f32x4.extract_lane", LANE4, "v:f") \
    row(F32X4_REPLACE_LANE, 0xfd020, "f32x4.replace_lane", LANE4, "vf:v") \
    row(F64X2_EXTRACT_LANE, 0xfd021, "f64x2.extract_lane", LANE2, "v:F") \
    row(F64X2_REPLACE_LANE, 0xfd022, "f64x2.replace_lane", LANE2, "vF:v") \
    row(I8X16_EQ, 0xfd023, "i8x16.eq", NONE, "vv:v") \
    row(I8X16_NE, 0xfd024, "i8x16.ne", NONE, "vv:v") \
    row(I8X16_LT_S, 0xfd025, "i8x16.lt_s", NONE, "vv:v") \
    row(I8X16_LT_U, 0xfd026, "i8x16.lt_u", NONE, "vv:v") \
    row(I8X16_GT_S, 0xfd027, "i8x16.gt_s", NONE, "vv:v") \
    row(I8X16_GT_U, 0xfd028, "i8x16.gt_u", NONE, "vv:v") \
    row(I8X16_LE_S, 0xfd029, "i8x16.le_s", NONE, "vv:v") \
    row(I8X16_LE_U, 0xfd02a, "i8x16.le_u", NONE, "vv:v") \
    row(I8X16_GE_S, 0xfd02b, "i8x16.ge_s", NONE, "vv:v") \
    row(I8X16_GE_U, 0xfd02c, "i8x16.ge_u", NONE, "vv:v") \
    row(I16X8_EQ, 0xfd02d, "i16x8.eq", NONE, "vv:v") \
    row(I16X8_NE, 0xfd02e, "i16x8.ne", NONE, "vv:v") \
    row(I16X8_LT_S, 0xfd02f, "i16x8.lt_s", NONE, "vv:v") \
    row(I16X8_LT_U, 0xfd030, "i16x8.lt_u", NONE, "vv:v") \
    row(I16X8_GT_S, 0xfd031, "i16x8.gt_s", NONE, "vv:v") \
    row(I16X8_GT_U, 0xfd032, "i16x8.gt_u", NONE, "vv:v") \
    row(I16X8_LE_S, 0xfd033, "i16x8.le_s", NONE, "vv:v") \
    row(I16X8_LE_U, 0xfd034, "i16x8.le_u", NONE, "vv:v") \
    row(I16X8_GE_S, 0xfd035, "i16x8.ge_s", NONE, "vv:v") \
    row(I16X8_GE_U, 0xfd036, "i16x8.ge_u", NONE, "vv:v") \
    row(I32X4_EQ, 0xfd037, "i32x4.eq", NONE, "vv:v") \
    row(I32X4_NE, 0xfd038, "i32x4.ne", NONE, "vv:v") \
    row(I32X4_LT_S, 0xfd039, "i32x4.lt_s", NONE, "vv:v") \
    row(I32X4_LT_U, 0xfd03a, "i32x4.lt_u", NONE, "vv:v") \
    row(I32X4_GT_S, 0xfd03b, "i32x4.gt_s", NONE, "vv:v") \
    row(I32X4_GT_U, 0xfd03c, "i32x4.gt_u", NONE, "vv:v") \
    row(I32X4_LE_S, 0xfd03d, "i32x4.le_s", NONE, "vv:v") \
    row(I32X4_LE_U, 0xfd03e, "i32x4.le_u", NONE, "vv:v") \
    row(I32X4_GE_S, 0xfd03f, "i32x4.ge_s", NONE, "vv:v") \
    row(I32X4_GE_U, 0xfd040, "i32x4.ge_u", NONE, "vv:v") \
    row(F32X4_EQ, 0xfd041, "f32x4.eq", NONE, "vv:v") \
    row(F32X4_NE, 0xfd042, "f32x4.ne", NONE, "vv:v") \
    row(F32X4_LT, 0xfd043, "f32x4.lt", NONE, "vv:v") \
    row(F32X4_GT, 0xfd044, "f32x4.gt", NONE, "vv:v") \
    row(F32X4_LE, 0xfd045, "f32x4.le", NONE, "vv:v") \
    row(F32X4_GE, 0xfd046, "f32x4.ge", NONE, "vv:v") \
    row(F64X2_EQ, 0xfd047, "f64x2.eq", NONE, "vv:v") \
    row(F64X2_NE, 0xfd048, "f64x2.ne", NONE, "vv:v") \
    row(F64X2_LT, 0xfd049, "f64x2.lt", NONE, "vv:v") \
    row(F64X2_GT, 0xfd04a, "f64x2.gt", NONE, "vv:v") \
    row(F64X2_LE, 0xfd04b, "f64x2.le", NONE, "vv:v") \
    row(F64X2_GE, 0xfd04c, "f64x2.ge", NONE, "vv:v") \
    row(V128_NOT, 0xfd04d, "v128.not", NONE, "v:v") \
    row(V128_AND, 0xfd04e, "v128.and", NONE, "vv:v") \
    row(V128_ANDNOT, 0xfd04f, "v128.andnot", NONE, "vv:v") \
    row(V128_OR, 0xfd050, "v128.or", NONE, "vv:v") \
    row(V128_XOR, 0xfd051, "v128.xor", NONE, "vv:v") \
    row(V128_BITSELECT, 0xfd052, "v128.bitselect", NONE, "vvv:v") \
    row(V128_ANY_TRUE, 0xfd053, "v128.any_true", NONE, "v:i") \
    row(V128_LOAD8_LANE, 0xfd054, "v128.load8_lane", MEMLANE1, "pv:v") \
    row(V128_LOAD16_LANE, 0xfd055, "v128.load16_lane", MEMLANE2, "pv:v") \
    row(V128_LOAD32_LANE, 0xfd056, "v128.load32_lane", MEMLANE4, "pv:v") \
    row(V128_LOAD64_LANE, 0xfd057, "v128.load64_lane", MEMLANE8, "pv:v") \
    row(V128_STORE8_LANE, 0xfd058, "v128.store8_lane", MEMLANE1, "pv:") \
    row(V128_STORE16_LANE, 0xfd059, "v128.store16_lane", MEMLANE2, "pv:") \
    row(V128_STORE32_LANE, 0xfd05a, "v128.store32_lane", MEMLANE4, "pv:") \
    row(V128_STORE64_LANE, 0xfd05b, "v128.store64_lane", MEMLANE8, "pv:") \
    row(V128_LOAD32_ZERO, 0xfd05c, "v128.load32_zero", MEM4, "p:v") \
    row(V128_LOAD64_ZERO, 0xfd05d, "v128.load64_zero", MEM8, "p:v") \
    row(F32X4_DEMOTE_F64X2_ZERO, 0xfd05e, \
        "f32x4.demote_f64x2_zero", NONE, "v:v") \
    row(F64X2_PROMOTE_LOW_F32X4, 0xfd05f, \
        "f64x2.promote_low_f32x4", NONE, "v:v") \
    row(I8X16_ABS, 0xfd060, "i8x16.abs", NONE, "v:v") \
    row(I8X16_NEG, 0xfd061, "i8x16.neg", NONE, "v:v") \
    row(I8X16_POPCNT, 0xfd062, "i8x16.popcnt", NONE, "v:v") \
    row(I8X16_ALL_TRUE, 0xfd063, "i8x16.all_true", NONE, "v:i") \
    row(I8X16_BITMASK, 0xfd064, "i8x16.bitmask", NONE, "v:i") \
    row(I8X16_NARROW_I16X8_S, 0xfd065, "i8x16.narrow_i16x8_s", NONE, "vv:v") \
    row(I8X16_NARROW_I16X8_U, 0xfd066, "i8x16.narrow_i16x8_u", NONE, "vv:v") \
    row(F32X4_CEIL, 0xfd067, "f32x4.ceil", NONE, "v:v") \
    row(F32X4_FLOOR, 0xfd068, "f32x4.floor", NONE, "v:v") \
    row(F32X4_TRUNC, 0xfd069, "f32x4.trunc", NONE, "v:v") \
    row(F32X4_NEAREST, 0xfd06a, "f32x4.nearest", NONE, "v:v") \
    row(I8X16_SHL, 0xfd06b, "i8x16.shl", NONE, "vi:v") \
    row(I8X16_SHR_S, 0xfd06c, "i8x16.shr_s", NONE, "vi:v") \
    row(I8X16_SHR_U, 0xfd06d, "i8x16.shr_u", NONE, "vi:v") \
    row(I8X16_ADD, 0xfd06e, "i8x16.add", NONE, "vv:v") \
    row(I8X16_ADD_SAT_S, 0xfd06f, "i8x16.add_sat_s", NONE, "vv:v") \
    row(I8X16_ADD_SAT_U, 0xfd070, "i8x16.add_sat_u", NONE, "vv:v") \
    row(I8X16_SUB, 0xfd071, "i8x16.sub", NONE, "vv:v") \
    row(I8X16_SUB_SAT_S, 0xfd072, "i8x16.sub_sat_s", NONE, "vv:v") \
    row(I8X16_SUB_SAT_U, 0xfd073, "i8x16.sub_sat_u", NONE, "vv:v") \
    row(F64X2_CEIL, 0xfd074, "f64x2.ceil", NONE, "v:v") \
    row(F64X2_FLOOR, 0xfd075, "f64x2.floor", NONE, "v:v") \
    row(I8X16_MIN_S, 0xfd076, "i8x16.min_s", NONE, "vv:v") \
    row(I8X16_MIN_U, 0xfd077, "i8x16.min_u", NONE, "vv:v") \
    row(I8X16_MAX_S, 0xfd078, "i8x16.max_s", NONE, "vv:v") \
    row(I8X16_MAX_U, 0xfd079, "i8x16.max_u", NONE, "vv:v") \
    row(F64X2_TRUNC, 0xfd07a, "f64x2.trunc", NONE, "v:v") \
    row(I8X16_AVGR_U, 0xfd07b, "i8x16.avgr_u", NONE, "vv:v") \
    row(I16X8_EXTADD_PAIRWISE_I8X16_S, 0xfd07c, \
        "i16x8.extadd_pairwise_i8x16_s", NONE, "v:v") \
    row(I16X8_EXTADD_PAIRWISE_I8X16_U, 0xfd07d, \
        "i16x8.extadd_pairwise_i8x16_u", NONE, "v:v") \
    row(I32X4_EXTADD_PAIRWISE_I16X8_S, 0xfd07e, \
        "i32x4.extadd_pairwise_i16x8_s", NONE, "v:v") \
    row(I32X4_EXTADD_PAIRWISE_I16X8_U, 0xfd07f, \
        "i32x4.extadd_pairwise_i16x8_u", NONE, "v:v") \
    row(I16X8_ABS, 0xfd080, "i16x8.abs", NONE, "v:v") \
    row(I16X8_NEG, 0xfd081, "i16x8.neg", NONE, "v:v") \
    row(I16X8_Q15MULR_SAT_S, 0xfd082, "i16x8.q15mulr_sat_s", NONE, "vv:v") \
    row(I16X8_ALL_TRUE, 0xfd083, "i16x8.all_true", NONE, "v:i") \
    row(I16X8_BITMASK, 0xfd084, "i16x8.bitmask", NONE, "v:i") \
    row(I16X8_NARROW_I32X4_S, 0xfd085, "i16x8.narrow_i32x4_s", NONE, "vv:v") \
    row(I16X8_NARROW_I32X4_U, 0xfd086, "i16x8.narrow_i32x4_u", NONE, "vv:v") \
    row(I16X8_EXTEND_LOW_I8X16_S, 0xfd087, \
        "i16x8.extend_low_i8x16_s", NONE, "v:v") \
    row(I16X8_EXTEND_HIGH_I8X16_S, 0xfd088, \
        "i16x8.extend_high_i8x16_s", NONE, "v:v") \
    row(I16X8_EXTEND_LOW_I8X16_U, 0xfd089, \
        "i16x8.extend_low_i8x16_u", NONE, "v:v") \
    row(I16X8_EXTEND_HIGH_I8X16_U, 0xfd08a, \
        "i16x8.extend_high_i8x16_u", NONE, "v:v") \
    row(I16X8_SHL, 0xfd08b, "i16x8.shl", NONE, "vi:v") \
    row(I16X8_SHR_S, 0xfd08c, "i16x8.shr_s", NONE, "vi:v") \
    row(I16X8_SHR_U, 0xfd08d, "i16x8.shr_u", NONE, "vi:v") \
    row(I16X8_ADD, 0xfd08e, "i16x8.add", NONE, "vv:v") \
    row(I16X8_ADD_SAT_S, 0xfd08f, "i16x8.add_sat_s", NONE, "vv:v") \
    row(I16X8_ADD_SAT_U, 0xfd090, "i16x8.add_sat_u", NONE, "vv:v") \
    row(I16X8_SUB, 0xfd091, "i16x8.sub", NONE, "vv:v") \
    row(I16X8_SUB_SAT_S, 0xfd092, "i16x8.sub_sat_s", NONE, "vv:v") \
    row(I16X8_SUB_SAT_U, 0xfd093, "i16x8.sub_sat_u", NONE, "vv:v") \
    row(F64X2_NEAREST, 0xfd094, "f64x2.nearest", NONE, "v:v") \
    row(I16X8_MUL, 0xfd095, "i16x8.mul", NONE, "vv:v") \
    row(I16X8_MIN_S, 0xfd096, "i16x8.min_s", NONE, "vv:v") \
    row(I16X8_MIN_U, 0xfd097, "i16x8.min_u", NONE, "vv:v") \
    row(I16X8_MAX_S, 0xfd098, "i16x8.max_s", NONE, "vv:v") \
    row(I16X8_MAX_U, 0xfd099, "i16x8.max_u", NONE, "vv:v") \
    row(I16X8_AVGR_U, 0xfd09b, "i16x8.avgr_u", NONE, "vv:v") \
    row(I16X8_EXTMUL_LOW_I8X16_S, 0xfd09c, \
        "i16x8.extmul_low_i8x16_s", NONE, "vv:v") \
    row(I16X8_EXTMUL_HIGH_I8X16_S, 0xfd09d, \
        "i16x8.extmul_high_i8x16_s", NONE, "vv:v") \
    row(I16X8_EXTMUL_LOW_I8X16_U, 0xfd09e, \
        "i16x8.extmul_low_i8x16_u", NONE, "vv:v") \
    row(I16X8_EXTMUL_HIGH_I8X16_U, 0xfd09f, \
        "i16x8.extmul_high_i8x16_u", NONE, "vv:v") \
    row(I32X4_ABS, 0xfd0a0, "i32x4.abs", NONE, "v:v") \
    row(I32X4_NEG, 0xfd0a1, "i32x4.neg", NONE, "v:v") \
    row(I32X4_ALL_TRUE, 0xfd0a3, "i32x4.all_true", NONE, "v:i") \
    row(I32X4_BITMASK, 0xfd0a4, "i32x4.bitmask", NONE, "v:i") \
    row(I32X4_EXTEND_LOW_I16X8_S, 0xfd0a7, \
        "i32x4.extend_low_i16x8_s", NONE, "v:v") \
    row(I32X4_EXTEND_HIGH_I16X8_S, 0xfd0a8, \
        "i32x4.extend_high_i16x8_s", NONE, "v:v") \
    row(I32X4_EXTEND_LOW_I16X8_U, 0xfd0a9, \
        "i32x4.extend_low_i16x8_u", NONE, "v:v") \
    row(I32X4_EXTEND_HIGH_I16X8_U, 0xfd0aa, \
        "i32x4.extend_high_i16x8_u", NONE, "v:v") \
    row(I32X4_SHL, 0xfd0ab, "i32x4.shl", NONE, "vi:v") \
    row(I32X4_SHR_S, 0xfd0ac, "i32x4.shr_s", NONE, "vi:v") \
    row(I32X4_SHR_U, 0xfd0ad, "i32x4.shr_u", NONE, "vi:v") \
    row(I32X4_ADD, 0xfd0ae, "i32x4.add", NONE, "vv:v") \
    row(I32X4_SUB, 0xfd0b1, "i32x4.sub", NONE, "vv:v") \
    row(I32X4_MUL, 0xfd0b5, "i32x4.mul", NONE, "vv:v") \
    row(I32X4_MIN_S, 0xfd0b6, "i32x4.min_s", NONE, "vv:v") \
    row(I32X4_MIN_U, 0xfd0b7, "i32x4.min_u", NONE, "vv:v") \
    row(I32X4_MAX_S, 0xfd0b8, "i32x4.max_s", NONE, "vv:v") \
    row(I32X4_MAX_U, 0xfd0b9, "i32x4.max_u", NONE, "vv:v") \
    row(I32X4_DOT_I16X8_S, 0xfd0ba, "i32x4.dot_i16x8_s", NONE, "vv:v") \
    row(I32X4_EXTMUL_LOW_I16X8_S, 0xfd0bc, \
        "i32x4.extmul_low_i16x8_s", NONE, "vv:v") \
    row(I32X4_EXTMUL_HIGH_I16X8_S, 0xfd0bd, \
        "i32x4.extmul_high_i16x8_s", NONE, "vv:v") \
    row(I32X4_EXTMUL_LOW_I16X8_U, 0xfd0be, \
        "i32x4.extmul_low_i16x8_u", NONE, "vv:v") \
    row(I32X4_EXTMUL_HIGH_I16X8_U, 0xfd0bf, \
        "i32x4.extmul_high_i16x8_u", NONE, "vv:v") \
    row(I64X2_ABS, 0xfd0c0, "i64x2.abs", NONE, "v:v") \
    row(I64X2_NEG, 0xfd0c1, "i64x2.neg", NONE, "v:v") \
    row(I64X2_ALL_TRUE, 0xfd0c3, "i64x2.all_true", NONE, "v:i") \
    row(I64X2_BITMASK, 0xfd0c4, "i64x2.bitmask", NONE, "v:i") \
    row(I64X2_EXTEND_LOW_I32X4_S, 0xfd0c7, \
        "i64x2.extend_low_i32x4_s", NONE, "v:v") \
    row(I64X2_EXTEND_HIGH_I32X4_S, 0xfd0c8, \
        "i64x2.extend_high_i32x4_s", NONE, "v:v") \
    row(I64X2_EXTEND_LOW_I32X4_U, 0xfd0c9, \
        "i64x2.extend_low_i32x4_u", NONE, "v:v") \
    row(I64X2_EXTEND_HIGH_I32X4_U, 0xfd0ca, \
        "i64x2.extend_high_i32x4_u", NONE, "v:v") \
    row(I64X2_SHL, 0xfd0cb, "i64x2.shl", NONE, "vi:v") \
    row(I64X2_SHR_S, 0xfd0cc, "i64x2.shr_s", NONE, "vi:v") \
    row(I64X2_SHR_U, 0xfd0cd, "i64x2.shr_u", NONE, "vi:v") \
    row(I64X2_ADD, 0xfd0ce, "i64x2.add", NONE, "vv:v") \
    row(I64X2_SUB, 0xfd0d1, "i64x2.sub", NONE, "vv:v") \
    row(I64X2_MUL, 0xfd0d5, "i64x2.mul", NONE, "vv:v") \
    row(I64X2_EQ, 0xfd0d6, "i64x2.eq", NONE, "vv:v") \
    row(I64X2_NE, 0xfd0d7, "i64x2.ne", NONE, "vv:v") \
    row(I64X2_LT_S, 0xfd0d8, "i64x2.lt_s", NONE, "vv:v") \
    row(I64X2_GT_S, 0xfd0d9, "i64x2.gt_s", NONE, "vv:v") \
    row(I64X2_LE_S, 0xfd0da, "i64x2.le_s", NONE, "vv:v") \
    row(I64X2_GE_S, 0xfd0db, "i64x2.ge_s", NONE, "vv:v") \
    row(I64X2_EXTMUL_LOW_I32X4_S, 0xfd0dc, \
        "i64x2.extmul_low_i32x4_s", NONE, "vv:v") \
    row(I64X2_EXTMUL_HIGH_I32X4_S, 0xfd0dd, \
        "i64x2.extmul_high_i32x4_s", NONE, "vv:v") \
    row(I64X2_EXTMUL_LOW_I32X4_U, 0xfd0de, \
        "i64x2.extmul_low_i32x4_u", NONE, "vv:v") \
    row(I64X2_EXTMUL_HIGH_I32X4_U, 0xfd0df, \
        "i64x2.extmul_high_i32x4_u", NONE, "vv:v") \
    row(F32X4_ABS, 0xfd0e0, "f32x4.abs", NONE, "v:v") \
    row(F32X4_NEG, 0xfd0e1, "f32x4.neg", NONE, "v:v") \
    row(F32X4_SQRT, 0xfd0e3, "f32x4.sqrt", NONE, "v:v") \
    row(F32X4_ADD, 0xfd0e4, "f32x4.add", NONE, "vv:v") \
    row(F32X4_SUB, 0xfd0e5, "f32x4.sub", NONE, "vv:v") \
    row(F32X4_MUL, 0xfd0e6, "f32x4.mul", NONE, "vv:v") \
    row(F32X4_DIV, 0xfd0e7, "f32x4.div", NONE, "vv:v") \
    row(F32X4_MIN, 0xfd0e8, "f32x4.min", NONE, "vv:v") \
    row(F32X4_MAX, 0xfd0e9, "f32x4.max", NONE, "vv:v") \
    row(F32X4_PMIN, 0xfd0ea, "f32x4.pmin", NONE, "vv:v") \
    row(F32X4_PMAX, 0xfd0eb, "f32x4.pmax", NONE, "vv:v") \
    row(F64X2_ABS, 0xfd0ec, "f64x2.abs", NONE, "v:v") \
    row(F64X2_NEG, 0xfd0ed, "f64x2.neg", NONE, "v:v") \
    row(F64X2_SQRT, 0xfd0ef, "f64x2.sqrt", NONE, "v:v") \
    row(F64X2_ADD, 0xfd0f0, "f64x2.add", NONE, "vv:v") \
    row(F64X2_SUB, 0xfd0f1, "f64x2.sub", NONE, "vv:v") \
    row(F64X2_MUL, 0xfd0f2, "f64x2.mul", NONE, "vv:v") \
    row(F64X2_DIV, 0xfd0f3, "f64x2.div", NONE, "vv:v") \
    row(F64X2_MIN, 0xfd0f4, "f64x2.min", NONE, "vv:v") \
    row(F64X2_MAX, 0xfd0f5, "f64x2.max", NONE, "vv:v") \
    row(F64X2_PMIN, 0xfd0f6, "f64x2.pmin", NONE, "vv:v") \
    row(F64X2_PMAX, 0xfd0f7, "f64x2.pmax", NONE, "vv:v") \
    row(I32X4_TRUNC_SAT_F32X4_S, 0xfd0f8, \
        "i32x4.trunc_sat_f32x4_s", NONE, "v:v") \
    row(I32X4_TRUNC_SAT_F32X4_U, 0xfd0f9, \
        "i32x4.trunc_sat_f32x4_u", NONE, "v:v") \
    row(F32X4_CONVERT_I32X4_S, 0xfd0fa, "f32x4.convert_i32x4_s", NONE, "v:v") \
    row(F32X4_CONVERT_I32X4_U, 0xfd0fb, "f32x4.convert_i32x4_u", NONE, "v:v") \
    row(I32X4_TRUNC_SAT_F64X2_S_ZERO, 0xfd0fc, \
        "i32x4.trunc_sat_f64x2_s_zero", NONE, "v:v") \
    row(I32X4_TRUNC_SAT_F64X2_U_ZERO, 0xfd0fd, \
        "i32x4.trunc_sat_f64x2_u_zero", NONE, "v:v") \
    row(F64X2_CONVERT_LOW_I32X4_S, 0xfd0fe, \
        "f64x2.convert_low_i32x4_s", NONE, "v:v") \
    row(F64X2_CONVERT_LOW_I32X4_U, 0xfd0ff, \
        "f64x2.convert_low_i32x4_u", NONE, "v:v") \
    row(I8X16_RELAXED_SWIZZLE, 0xfd100, \
        "i8x16.relaxed_swizzle", NONE, "vv:v") \
    row(I32X4_RELAXED_TRUNC_F32X4_S, 0xfd101, \
        "i32x4.relaxed_trunc_f32x4_s", NONE, "v:v") \
    row(I32X4_RELAXED_TRUNC_F32X4_U, 0xfd102, \
        "i32x4.relaxed_trunc_f32x4_u", NONE, "v:v") \
    row(I32X4_RELAXED_TRUNC_F64X2_S_ZERO, 0xfd103, \
        "i32x4.relaxed_trunc_f64x2_s_zero", NONE, "v:v") \
    row(I32X4_RELAXED_TRUNC_F64X2_U_ZERO, 0xfd104, \
        "i32x4.relaxed_trunc_f64x2_u_zero", NONE, "v:v") \
    row(F32X4_RELAXED_MADD, 0xfd105, "f32x4.relaxed_madd", NONE, "vvv:v") \
    row(F32X4_RELAXED_NMADD, 0xfd106, "f32x4.relaxed_nmadd", NONE, "vvv:v") \
    row(F64X2_RELAXED_MADD, 0xfd107, "f64x2.relaxed_madd", NONE, "vvv:v") \
    row(F64X2_RELAXED_NMADD, 0xfd108, "f64x2.relaxed_nmadd", NONE, "vvv:v") \
    row(I8X16_RELAXED_LANESELECT, 0xfd109, \
        "i8x16.relaxed_laneselect", NONE, "vvv:v") \
    row(I16X8_RELAXED_LANESELECT, 0xfd10a, \
        "i16x8.relaxed_laneselect", NONE, "vvv:v") \
    row(I32X4_RELAXED_LANESELECT, 0xfd10b, \
        "i32x4.relaxed_laneselect", NONE, "vvv:v") \
    row(I64X2_RELAXED_LANESELECT, 0xfd10c, \
        "i64x2.relaxed_laneselect", NONE, "vvv:v") \
    row(F32X4_RELAXED_MIN, 0xfd10d, "f32x4.relaxed_min", NONE, "vv:v") \
    row(F32X4_RELAXED_MAX, 0xfd10e, "f32x4.relaxed_max", NONE, "vv:v") \
    row(F64X2_RELAXED_MIN, 0xfd10f, "f64x2.relaxed_min", NONE, "vv:v") \
    row(F64X2_RELAXED_MAX, 0xfd110, "f64x2.relaxed_max", NONE, "vv:v") \
    row(I16X8_RELAXED_Q15MULR_S, 0xfd111, \
        "i16x8.relaxed_q15mulr_s", NONE, "vv:v") \
    row(I16X8_RELAXED_DOT_I8X16_I7X16_S, 0xfd112, \
        "i16x8.relaxed_dot_i8x16_i7x16_s", NONE, "vv:v") \
    row(I32X4_RELAXED_DOT_I8X16_I7X16_ADD_S, 0xfd113, \
        "i32x4.relaxed_dot_i8x16_i7x16_add_s", NONE, "vvv:v")

/* prefix 0xfe: atomics (threads) */
#define WE_OPCODES_FE(row) \
    row(MEMORY_ATOMIC_NOTIFY, 0xfe000, \
        "memory.atomic.notify", ATOMIC4, "pi:i") \
    row(MEMORY_ATOMIC_WAIT32, 0xfe001, \
        "memory.atomic.wait32", ATOMIC4, "piI:i") \
    row(MEMORY_ATOMIC_WAIT64, 0xfe002, \
        "memory.atomic.wait64", ATOMIC8, "pII:i") \
    row(ATOMIC_FENCE, 0xfe003, "atomic.fence", FENCE, ":") \
    row(I32_ATOMIC_LOAD, 0xfe010, "i32.atomic.load", ATOMIC4, "p:i") \
    row(I64_ATOMIC_LOAD, 0xfe011, "i64.atomic.load", ATOMIC8, "p:I") \
    row(I32_ATOMIC_LOAD8_U, 0xfe012, "i32.atomic.load8_u", ATOMIC1, "p:i") \
    row(I32_ATOMIC_LOAD16_U, 0xfe013, "i32.atomic.load16_u", ATOMIC2, "p:i") \
    row(I64_ATOMIC_LOAD8_U, 0xfe014, "i64.atomic.load8_u", ATOMIC1, "p:I") \
    row(I64_ATOMIC_LOAD16_U, 0xfe015, "i64.atomic.load16_u", ATOMIC2, "p:I") \
    row(I64_ATOMIC_LOAD32_U, 0xfe016, "i64.atomic.load32_u", ATOMIC4, "p:I") \
    row(I32_ATOMIC_STORE, 0xfe017, "i32.atomic.store", ATOMIC4, "pi:") \
    row(I64_ATOMIC_STORE, 0xfe018, "i64.atomic.store", ATOMIC8, "pI:") \
    row(I32_ATOMIC_STORE8, 0xfe019, "i32.atomic.store8", ATOMIC1, "pi:") \
    row(I32_ATOMIC_STORE16, 0xfe01a, "i32.atomic.store16", ATOMIC2, "pi:") \
    row(I64_ATOMIC_STORE8, 0xfe01b, "i64.atomic.store8", ATOMIC1, "pI:") \
    row(I64_ATOMIC_STORE16, 0xfe01c, "i64.atomic.store16", ATOMIC2, "pI:") \
    row(I64_ATOMIC_STORE32, 0xfe01d, "i64.atomic.store32", ATOMIC4, "pI:") \
    row(I32_ATOMIC_RMW_ADD, 0xfe01e, "i32.atomic.rmw.add", ATOMIC4, "pi:i") \
    row(I64_ATOMIC_RMW_ADD, 0xfe01f, "i64.atomic.rmw.add", ATOMIC8, "pI:I") \
    row(I32_ATOMIC_RMW8_ADD_U, 0xfe020, \
        "i32.atomic.rmw8.add_u", ATOMIC1, "pi:i") \
    row(I32_ATOMIC_RMW16_ADD_U, 0xfe021, \
        "i32.atomic.rmw16.add_u", ATOMIC2, "pi:i") \
    row(I64_ATOMIC_RMW8_ADD_U, 0xfe022, \
        "i64.atomic.rmw8.add_u", ATOMIC1, "pI:I") \
    row(I64_ATOMIC_RMW16_ADD_U, 0xfe023, \
        "i64.atomic.rmw16.add_u", ATOMIC2, "pI:I") \
    row(I64_ATOMIC_RMW32_ADD_U, 0xfe024, \
        "i64.atomic.rmw32.add_u", ATOMIC4, "pI:I") \
    row(I32_ATOMIC_RMW_SUB, 0xfe025, "i32.atomic.rmw.sub", ATOMIC4, "pi:i") \
    row(I64_ATOMIC_RMW_SUB, 0xfe026, "i64.atomic.rmw.sub", ATOMIC8, "pI:I") \
    row(I32_ATOMIC_RMW8_SUB_U, 0xfe027, \
        "i32.atomic.rmw8.sub_u", ATOMIC1, "pi:i") \
    row(I32_ATOMIC_RMW16_SUB_U, 0xfe028, \
        "i32.atomic.rmw16.sub_u", ATOMIC2, "pi:i") \
    row(I64_ATOMIC_RMW8_SUB_U, 0xfe029, \
        "i64.atomic.rmw8.sub_u", ATOMIC1, "pI:I") \
    row(I64_ATOMIC_RMW16_SUB_U, 0xfe02a, \
        "i64.atomic.rmw16.sub_u", ATOMIC2, "pI:I") \
    row(I64_ATOMIC_RMW32_SUB_U, 0xfe02b, \
        "i64.atomic.rmw32.sub_u", ATOMIC4, "pI:I") \
    row(I32_ATOMIC_RMW_AND, 0xfe02c, "i32.atomic.rmw.and", ATOMIC4, "pi:i") \
    row(I64_ATOMIC_RMW_AND, 0xfe02d, "i64.atomic.rmw.and", ATOMIC8, "pI:I") \
    row(I32_ATOMIC_RMW8_AND_U, 0xfe02e, \
        "i32.atomic.rmw8.and_u", ATOMIC1, "pi:i") \
    row(I32_ATOMIC_RMW16_AND_U, 0xfe02f, \
        "i32.atomic.rmw16.and_u", ATOMIC2, "pi:i") \
    row(I64_ATOMIC_RMW8_AND_U, 0xfe030, \
        "i64.atomic.rmw8.and_u", ATOMIC1, "pI:I") \
    row(I64_ATOMIC_RMW16_AND_U, 0xfe031, \
        "i64.atomic.rmw16.and_u", ATOMIC2, "pI:I") \
    row(I64_ATOMIC_RMW32_AND_U, 0xfe032, \
        "i64.atomic.rmw32.and_u", ATOMIC4, "pI:I") \
    row(I32_ATOMIC_RMW_OR, 0xfe033, "i32.atomic.rmw.or", ATOMIC4, "pi:i") \
    row(I64_ATOMIC_RMW_OR, 0xfe034, "i64.atomic.rmw.or", ATOMIC8, "pI:I") \
    row(I32_ATOMIC_RMW8_OR_U, 0xfe035, \
        "i32.atomic.rmw8.or_u", ATOMIC1, "pi:i") \
    row(I32_ATOMIC_RMW16_OR_U, 0xfe036, \
        "i32.atomic.rmw16.or_u", ATOMIC2, "pi:i") \
    row(I64_ATOMIC_RMW8_OR_U, 0xfe037, \
        "i64.atomic.rmw8.or_u", ATOMIC1, "pI:I") \
    row(I64_ATOMIC_RMW16_OR_U, 0xfe038, \
        "i64.atomic.rmw16.or_u", ATOMIC2, "pI:I") \
    row(I64_ATOMIC_RMW32_OR_U, 0xfe039, \
        "i64.atomic.rmw32.or_u", ATOMIC4, "pI:I") \
    row(I32_ATOMIC_RMW_XOR, 0xfe03a, "i32.atomic.rmw.xor", ATOMIC4, "pi:i") \
    row(I64_ATOMIC_RMW_XOR, 0xfe03b, "i64.atomic.rmw.xor", ATOMIC8, "pI:I") \
    row(I32_ATOMIC_RMW8_XOR_U, 0xfe03c, \
        "i32.atomic.rmw8.xor_u", ATOMIC1, "pi:i") \
    row(I32_ATOMIC_RMW16_XOR_U, 0xfe03d, \
        "i32.atomic.rmw16.xor_u", ATOMIC2, "pi:i") \
    row(I64_ATOMIC_RMW8_XOR_U, 0xfe03e, \
        "i64.atomic.rmw8.xor_u", ATOMIC1, "pI:I") \
    row(I64_ATOMIC_RMW16_XOR_U, 0xfe03f, \
        "i64.atomic.rmw16.xor_u", ATOMIC2, "pI:I") \
    row(I64_ATOMIC_RMW32_XOR_U, 0xfe040, \
        "i64.atomic.rmw32.xor_u", ATOMIC4, "pI:I") \
    row(I32_ATOMIC_RMW_XCHG, 0xfe041, "i32.atomic.rmw.xchg", ATOMIC4, "pi:i") \
    row(I64_ATOMIC_RMW_XCHG, 0xfe042, "i64.atomic.rmw.xchg", ATOMIC8, "pI:I") \
    row(I32_ATOMIC_RMW8_XCHG_U, 0xfe043, \
        "i32.atomic.rmw8.xchg_u", ATOMIC1, "pi:i") \
    row(I32_ATOMIC_RMW16_XCHG_U, 0xfe044, \
        "i32.atomic.rmw16.xchg_u", ATOMIC2, "pi:i") \
    row(I64_ATOMIC_RMW8_XCHG_U, 0xfe045, \
        "i64.atomic.rmw8.xchg_u", ATOMIC1, "pI:I") \
    row(I64_ATOMIC_RMW16_XCHG_U, 0xfe046, \
        "i64.atomic.rmw16.xchg_u", ATOMIC2, "pI:I") \
    row(I64_ATOMIC_RMW32_XCHG_U, 0xfe047, \
        "i64.atomic.rmw32.xchg_u", ATOMIC4, "pI:I") \
    row(I32_ATOMIC_RMW_CMPXCHG, 0xfe048, \
        "i32.atomic.rmw.cmpxchg", ATOMIC4, "pii:i") \
    row(I64_ATOMIC_RMW_CMPXCHG, 0xfe049, \
        "i64.atomic.rmw.cmpxchg", ATOMIC8, "pII:I") \
    row(I32_ATOMIC_RMW8_CMPXCHG_U, 0xfe04a, \
        "i32.atomic.rmw8.cmpxchg_u", ATOMIC1, "pii:i") \
    row(I32_ATOMIC_RMW16_CMPXCHG_U, 0xfe04b, \
        "i32.atomic.rmw16.cmpxchg_u", ATOMIC2, "pii:i") \
    row(I64_ATOMIC_RMW8_CMPXCHG_U, 0xfe04c, \
        "i64.atomic.rmw8.cmpxchg_u", ATOMIC1, "pII:I") \
    row(I64_ATOMIC_RMW16_CMPXCHG_U, 0xfe04d, \
        "i64.atomic.rmw16.cmpxchg_u", ATOMIC2, "pII:I") \
    row(I64_ATOMIC_RMW32_CMPXCHG_U, 0xfe04e, \
        "i64.atomic.rmw32.cmpxchg_u", ATOMIC4, "pII:I")

#define WE_OPCODES(row)                                                       \
    WE_OPCODES_BYTE(row)                                                      \
    WE_OPCODES_FB(row)                                                        \
    WE_OPCODES_FC(row)                                                        \
    WE_OPCODES_FD(row)                                                        \
    WE_OPCODES_FE(row)

/*
 * What follows the opcode in the binary.  The families that end in a number
 * are in rising powers of two: the access' bytes, or the count of lanes.
 */
#define WE_IMMEDIATES(row)                                                    \
    row(NONE) row(BLOCK) row(LABEL) row(LABELS) row(TAG) row(TRY)             \
    row(FUNC) row(TYPE) row(TYPE_TABLE) row(LOCAL) row(GLOBAL) row(TABLE)     \
    row(MEMORY) row(VALTYPES) row(HEAP) row(CAST) row(FENCE)                  \
    row(I32) row(I64) row(F32) row(F64) row(V128) row(SHUFFLE)                \
    row(LANE2) row(LANE4) row(LANE8) row(LANE16)                              \
    row(MEM1) row(MEM2) row(MEM4) row(MEM8) row(MEM16)                        \
    row(ATOMIC1) row(ATOMIC2) row(ATOMIC4) row(ATOMIC8)                       \
    row(MEMLANE1) row(MEMLANE2) row(MEMLANE4) row(MEMLANE8)                   \
    row(DATA) row(ELEM) row(DATA_MEMORY) row(ELEM_TABLE)                      \
    row(MEMORY_MEMORY) row(TABLE_TABLE) row(TYPE_FIELD) row(TYPE_COUNT)       \
    row(TYPE_DATA) row(TYPE_ELEM) row(TYPE_TYPE)

#define WE_ROW_OP(symbol, code, text, immediate, rule) WE_OP_##symbol,
#define WE_ROW_IMMEDIATE(name) WE_IMM_##name,
enum we_op        { WE_OPCODES(WE_ROW_OP) WE_NOPS };
enum we_immediate { WE_IMMEDIATES(WE_ROW_IMMEDIATE) WE_NIMMEDIATES };
#undef WE_ROW_OP
#undef WE_ROW_IMMEDIATE

#endif
