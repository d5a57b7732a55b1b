/* SPDX-License-Identifier: Apache-2.0 */
#include "digest.h"
#include "store.h"

#include <assert.h>

static uint64_t rotate(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    sip_round(v);
    v[0] ^= word;
}

static uint64_t read_le(const unsigned char *bytes, size_t count)
{
    uint64_t word = 0;
    for (size_t i = 0; i < count; i++)
        word |= (uint64_t)bytes[i] << (8 * i);
    return word;
}

static uint64_t siphash(const unsigned char *bytes, size_t length)
{
    uint64_t v[4] = {0x736f6d6570736575, 0x646f72616e646f6d, 0x6c7967656e657261, 0x7465646279746573};
    size_t i = 0;
    for (; i + 8 <= length; i += 8)
        absorb(v, read_le(bytes + i, 8));
    absorb(v, (uint64_t)length << 56 | read_le(bytes + i, length - i));
    v[2] ^= 0xff;
    for (int k = 0; k < 4; k++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

static unsigned char *write_le(unsigned char *at, uint64_t word, int count)
{
    for (int i = 0; i < count; i++)
        *at++ = (unsigned char)(word >> (8 * i));
    return at;
}

int64_t entry_digest(const struct qv_entry *entry)
{
    const char *note = entry->note ? entry->note : "";
    size_t length = strlen(note);
    assert(length <= QV_ENTRY_MAX_NOTE_BYTES);

    unsigned char said[4 * 4 + 8 + QV_ENTRY_MAX_NOTE_BYTES];
    unsigned char *end = said;
    end = write_le(end, (uint64_t)entry->day, 4);
    end = write_le(end, (uint64_t)entry->second, 4);
    end = write_le(end, (uint64_t)entry->offset_s, 4);
    end = write_le(end, (uint64_t)entry->kind, 4);
    end = write_le(end, (uint64_t)store_micro(entry->amount), 8);
    memcpy(end, note, length);
    return (int64_t)siphash(said, (size_t)(end - said) + length);
}
