/* The rules of single instructions: what rules.c and rules_ref.c share. */
#ifndef WE_RULES_H
#define WE_RULES_H

#include "validator.h"

static inline we_valtype we_ref_to(const struct we_type *type, bool null)
{
    return WE_REF | (null ? WE_NULL : 0) | WE_CONCRETE | type->id;
}

/* The type of that index and kind; NULL with the error recorded. */
const struct we_type *we_type_at(struct we_validator *v, uint32_t index,
                                 enum we_type_kind kind);
/* Records an error unless one is a subtype of the other. */
void we_must_match(struct we_validator *v, we_valtype sub,
                   we_valtype super);

/* rules_ref.c */
we_rule we_rule_ref_null, we_rule_ref_is_null, we_rule_ref_func,
    we_rule_ref_as_non_null, we_rule_br_on_null, we_rule_br_on_non_null,
    we_rule_ref_test, we_rule_ref_cast, we_rule_br_on_cast,
    we_rule_br_on_cast_fail, we_rule_any_convert_extern,
    we_rule_extern_convert_any;
we_rule we_rule_struct_new, we_rule_struct_new_default, we_rule_struct_get,
    we_rule_struct_get_packed, we_rule_struct_set;
we_rule we_rule_array_new, we_rule_array_new_default, we_rule_array_new_fixed,
    we_rule_array_new_data, we_rule_array_new_elem, we_rule_array_get,
    we_rule_array_get_packed, we_rule_array_set, we_rule_array_fill,
    we_rule_array_copy, we_rule_array_init_data, we_rule_array_init_elem;

#endif
