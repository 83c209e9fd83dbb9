/*
 * Refuses requests by rules from the plugin's configuration, which is JSON:
 *
 *     { "status": 403,
 *       "body": "no\n",
 *       "rules": [
 *         { "path": "/admin" },
 *         { "header": "user-agent", "contains": "bot" } ] }
 *
 * A rule matches if everything that it names does: the beginning of the path,
 * a part of a header.  status (403) and body ("denied\n") may be left out.
 */
#include "sluice_json.h"

struct rule {
    struct rule      *next;
    struct sluice_str path, header, contains;
};

struct rules {
    uint64_t          status;
    struct sluice_str body;
    struct rule      *first, **last;
};

SLUICE_STATE(struct rules, char)

static bool text_of(struct sluice_str value, struct sluice_str *kept)
{
    struct sluice_str text;

    if (!sluice_json_string(value, &text)) {
        return false;
    }
    *kept = sluice_keep(text);
    return kept->data != NULL;
}

static bool read_rule(struct rules *rules, struct sluice_str json)
{
    struct sluice_json_items items = sluice_json_items(json);
    struct sluice_str key, value;
    struct rule *rule = sluice_alloc(sizeof *rule);
    bool good = rule != NULL && sluice_json_kind(json) == SLUICE_JSON_OBJECT;

    while (good && sluice_json_next(&items, &key, &value)) {
        if (sluice_equal(key, SLUICE_STR("path"))) {
            good = text_of(value, &rule->path);
        } else if (sluice_equal(key, SLUICE_STR("header"))) {
            good = text_of(value, &rule->header);
        } else if (sluice_equal(key, SLUICE_STR("contains"))) {
            good = text_of(value, &rule->contains);
        } else {
            good = false;
        }
    }
    if (!good || (rule->path.data == NULL && rule->header.data == NULL)) {
        return false;
    }
    *rules->last = rule;
    rules->last = &rule->next;
    return true;
}

static bool read_rules(struct rules *rules, struct sluice_str json)
{
    struct sluice_json_items items = sluice_json_items(json);
    struct sluice_str key, value;
    bool good = sluice_json_kind(json) == SLUICE_JSON_ARRAY;

    while (good && sluice_json_next(&items, &key, &value)) {
        good = read_rule(rules, value);
    }
    return good;
}

static bool refuse(struct sluice_str what)
{
    sluice_log(SLUICE_ERROR,
               sluice_join(SLUICE_STR("deny: the configuration is wrong at: "),
                           what));
    return false;
}

SLUICE_ON_CONFIGURE(root, json)
{
    struct rules *rules = sluice_root(root);
    struct sluice_json_items items;
    struct sluice_str key, value;
    bool good = true;

    *rules = (struct rules){ 403, SLUICE_STR("denied\n"), NULL, &rules->first };
    if (!sluice_json_valid(json)
        || sluice_json_kind(json) != SLUICE_JSON_OBJECT) {
        return refuse(SLUICE_STR("it is not a JSON object"));
    }
    items = sluice_json_items(json);
    while (sluice_json_next(&items, &key, &value)) {
        if (sluice_equal(key, SLUICE_STR("status"))) {
            good = sluice_json_number(value, &rules->status)
                   && rules->status >= 200 && rules->status <= 599;
        } else if (sluice_equal(key, SLUICE_STR("body"))) {
            good = text_of(value, &rules->body);
        } else if (sluice_equal(key, SLUICE_STR("rules"))) {
            good = read_rules(rules, value);
        } else {
            good = false;
        }
        if (!good) {
            return refuse(key);
        }
    }
    return true;
}

static bool matches(const struct rule *rule)
{
    struct sluice_str value;

    if (rule->path.data != NULL
        && (!sluice_header_get(SLUICE_REQUEST_HEADERS, SLUICE_STR(":path"),
                               &value)
            || !sluice_starts(value, rule->path))) {
        return false;
    }
    return rule->header.data == NULL
           || (sluice_header_get(SLUICE_REQUEST_HEADERS, rule->header, &value)
               && sluice_contains(value, rule->contains));
}

SLUICE_ON_REQUEST_HEADERS(context, end_of_stream)
{
    static const struct sluice_pair type = {
        { "content-type", 12 }, { "text/plain", 10 }
    };
    const struct rules *rules = sluice_root(context);
    const struct rule *rule = rules->first;

    while (rule != NULL && !matches(rule)) {
        rule = rule->next;
    }
    if (rule == NULL) {
        return SLUICE_CONTINUE;
    }
    sluice_respond((uint32_t)rules->status, rules->body, &type, 1);
    return SLUICE_PAUSE;
}
