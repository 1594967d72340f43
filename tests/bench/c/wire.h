/* Big-endian numbers and CRC-32C, shared by the reference broker and the load generator. */
#ifndef ODRADEK_BENCH_WIRE_H
#define ODRADEK_BENCH_WIRE_H

#include <endian.h>
#include <nmmintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t get16(const void *at) { uint16_t v; memcpy(&v, at, 2); return be16toh(v); }
static inline uint32_t get32(const void *at) { uint32_t v; memcpy(&v, at, 4); return be32toh(v); }
static inline uint64_t get64(const void *at) { uint64_t v; memcpy(&v, at, 8); return be64toh(v); }
static inline char *put16(char *at, uint16_t v) { v = htobe16(v); memcpy(at, &v, 2); return at + 2; }
static inline char *put32(char *at, uint32_t v) { v = htobe32(v); memcpy(at, &v, 4); return at + 4; }
static inline char *put64(char *at, uint64_t v) { v = htobe64(v); memcpy(at, &v, 8); return at + 8; }

static inline char *put_text(char *at, const char *text) {
    size_t length = strlen(text);
    at = put16(at, (uint16_t)length);
    memcpy(at, text, length);
    return at + length;
}

/* CRC-32C: the processor's instruction has a latency of three, so three lanes run side by side.
 * Lanes are joined by "advancing" a register over LANE_BYTES zeros, a linear map kept as four tables. */
#define LANE_BYTES 1024
static uint32_t advance_table[4][256];

static inline uint32_t advance(uint32_t crc) {
    return advance_table[0][crc & 255] ^ advance_table[1][crc >> 8 & 255] ^ advance_table[2][crc >> 16 & 255] ^
           advance_table[3][crc >> 24];
}

static void crc32c_init(void) {
    uint32_t of_bit[32];
    for (int bit = 0; bit < 32; bit++) {
        uint64_t crc = 1u << bit;
        for (int i = 0; i < LANE_BYTES / 8; i++) crc = _mm_crc32_u64(crc, 0);
        of_bit[bit] = (uint32_t)crc;
    }
    for (int byte = 0; byte < 4; byte++)
        for (int value = 0; value < 256; value++) {
            uint32_t sum = 0;
            for (int bit = 0; bit < 8; bit++)
                if (value >> bit & 1) sum ^= of_bit[8 * byte + bit];
            advance_table[byte][value] = sum;
        }
}

static uint32_t crc32c(const void *buffer, size_t length) {
    const char *at = buffer;
    uint64_t crc = 0xffffffffu, word;
    while (length >= 3 * LANE_BYTES) {
        uint64_t second = 0, third = 0;
        for (int i = 0; i < LANE_BYTES; i += 8) {
            memcpy(&word, at + i, 8), crc = _mm_crc32_u64(crc, word);
            memcpy(&word, at + LANE_BYTES + i, 8), second = _mm_crc32_u64(second, word);
            memcpy(&word, at + 2 * LANE_BYTES + i, 8), third = _mm_crc32_u64(third, word);
        }
        crc = advance(advance((uint32_t)crc) ^ (uint32_t)second) ^ (uint32_t)third;
        at += 3 * LANE_BYTES, length -= 3 * LANE_BYTES;
    }
    for (; length >= 8; at += 8, length -= 8) memcpy(&word, at, 8), crc = _mm_crc32_u64(crc, word);
    for (; length; at++, length--) crc = _mm_crc32_u8((uint32_t)crc, (unsigned char)*at);
    return ~(uint32_t)crc;
}

#endif
