/* Trees: a treap of numbers, insertions, look-ups and removals. */
#include "kernel.h"

enum { N = 2000 };

static struct node {
    uint32_t key, priority;
    struct node *left, *right;
} nodes[N];
static uint32_t nnodes;

static struct node *insert(struct node *t, uint32_t key)
{
    struct node *k;

    if (!t) {
        t = &nodes[nnodes++];
        t->key = key;
        t->priority = rnd();
        t->left = t->right = NULL;
        return t;
    }
    if (key < t->key) {
        t->left = k = insert(t->left, key);
        if (k->priority <= t->priority)
            return t;
        t->left = k->right;
        k->right = t;
        return k;
    }
    if (key > t->key) {
        t->right = k = insert(t->right, key);
        if (k->priority <= t->priority)
            return t;
        t->right = k->left;
        k->left = t;
        return k;
    }
    return t;
}

static struct node *merge(struct node *a, struct node *b)
{
    if (!a || !b)
        return a ? a : b;
    if (a->priority > b->priority) {
        a->right = merge(a->right, b);
        return a;
    }
    b->left = merge(a, b->left);
    return b;
}

static void remove_(struct node **at, uint32_t key)
{
    while (*at && (*at)->key != key)
        at = key < (*at)->key ? &(*at)->left : &(*at)->right;
    if (*at)
        *at = merge((*at)->left, (*at)->right);
}

static uint32_t find(const struct node *t, uint32_t key)
{
    uint32_t depth = 1;

    while (t && t->key != key) {
        t = key < t->key ? t->left : t->right;
        depth++;
    }
    return t ? depth : 0;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 18;
    while (n-- > 0) {
        struct node *root = NULL;
        uint32_t sum = 0;

        nnodes = 0;
        for (uint32_t i = 0; i < N; i++)
            root = insert(root, rnd() % 10000);
        for (uint32_t i = 0; i < N; i++)
            sum += find(root, rnd() % 10000);
        for (uint32_t i = 0; i < N / 2; i++)
            remove_(&root, rnd() % 10000);
        for (uint32_t i = 0; i < N; i++)
            sum = sum * 3 + find(root, i * 5);
        h = mix(h, sum);
    }
    return h;
}
