/* Compression: a Huffman code built with a heap, then bits in and out. */
#include "kernel.h"

enum { SIZE = 8192, SYMBOLS = 64 };

static uint8_t plain[SIZE], packed[SIZE * 2];
static uint32_t weight[2 * SYMBOLS], heap[SYMBOLS + 1], nheap;
static int32_t left[2 * SYMBOLS], right[2 * SYMBOLS];
static uint32_t code[SYMBOLS], bits[SYMBOLS];

static void sift_up(uint32_t i)
{
    while (i > 1 && weight[heap[i / 2]] > weight[heap[i]]) {
        uint32_t t = heap[i];

        heap[i] = heap[i / 2];
        heap[i / 2] = t;
        i /= 2;
    }
}

static uint32_t pop(void)
{
    uint32_t top = heap[1], i = 1, k;

    heap[1] = heap[nheap--];
    while ((k = 2 * i) <= nheap) {
        uint32_t t = heap[i];

        if (k < nheap && weight[heap[k + 1]] < weight[heap[k]])
            k++;
        if (weight[t] <= weight[heap[k]])
            break;
        heap[i] = heap[k];
        heap[k] = t;
        i = k;
    }
    return top;
}

static void push(uint32_t node)
{
    heap[++nheap] = node;
    sift_up(nheap);
}

static void assign(int32_t node, uint32_t prefix, uint32_t n)
{
    if (left[node] < 0) {
        code[node] = prefix;
        bits[node] = n ? n : 1;
        return;
    }
    assign(left[node], prefix << 1, n + 1);
    assign(right[node], prefix << 1 | 1, n + 1);
}

static int32_t build(void)
{
    uint32_t node = SYMBOLS;

    nheap = 0;
    for (uint32_t i = 0; i < SYMBOLS; i++) {
        weight[i] = 1;
        left[i] = right[i] = -1;
    }
    for (uint32_t i = 0; i < SIZE; i++)
        weight[plain[i]]++;
    for (uint32_t i = 0; i < SYMBOLS; i++)
        push(i);
    while (nheap > 1) {
        uint32_t a = pop(), b = pop();

        left[node] = (int32_t)a;
        right[node] = (int32_t)b;
        weight[node] = weight[a] + weight[b];
        push(node++);
    }
    return (int32_t)pop();
}

static uint32_t encode(void)
{
    uint64_t hold = 0;
    uint32_t n = 0, to = 0;

    for (uint32_t i = 0; i < SIZE; i++) {
        hold = hold << bits[plain[i]] | code[plain[i]];
        n += bits[plain[i]];
        for (; n >= 8; n -= 8)
            packed[to++] = (uint8_t)(hold >> (n - 8));
    }
    packed[to++] = (uint8_t)(hold << (8 - n));
    return to;
}

static uint64_t decode(int32_t root)
{
    uint64_t h = 0;
    uint32_t bit = 0;

    for (uint32_t i = 0; i < SIZE; i++) {
        int32_t node = root;

        while (left[node] >= 0) {
            node = packed[bit / 8] >> (7 - bit % 8) & 1 ? right[node]
                                                        : left[node];
            bit++;
        }
        h = h * 31 + (uint64_t)node;
    }
    return h;
}

uint64_t run(uint32_t n)
{
    uint64_t h = 0;

    seed = 9;
    for (uint32_t i = 0; i < SIZE; i++)
        plain[i] = (uint8_t)((rnd() % 8) * (rnd() % 8) + rnd() % 8);
    while (n-- > 0) {
        int32_t root = build();

        assign(root, 0, 0);
        h = mix(h, encode());
        h = mix(h, decode(root));
        plain[n % SIZE] = (uint8_t)(n % SYMBOLS);
    }
    return h;
}
